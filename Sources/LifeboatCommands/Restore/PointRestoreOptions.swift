import ArgumentParser

/// Which point, what of it, and where to.
struct PointRestoreOptions: ParsableArguments {
    @Option(help: ArgumentHelp("ID, the beginning of one, or `latest`.", valueName: "point")) var point: String?

    @Option(help: ArgumentHelp("Only this source; may be given several times.", valueName: "name"))
    var source: [String] = []

    @Option(
        help: ArgumentHelp(
            "`scratch`: a private server of its own; HOST:PORT: a server that runs and is empty.", valueName: "target"))
    var into: String?

    @Flag(help: "Put the restored copy in the place of the live one.") var inPlace = false
    @Flag(help: "Take a restore in place back.") var undo = false
    @Flag(help: "Accept a restore in place: remove what was set aside.") var dropAside = false

    @Option(
        help: ArgumentHelp("The source's name, typed out: for --in-place without a terminal.", valueName: "source"))
    var confirm: String?

    @Option(help: ArgumentHelp("With scratch: run this instead of waiting for Ctrl-C.", valueName: "command"))
    var run: String?

    @Option(help: ArgumentHelp("Account for --into HOST:PORT.", valueName: "name")) var targetUser: String?

    @Option(
        help: ArgumentHelp("File with that account's password.", valueName: "file"), completion: .file())
    var targetPasswordFile: String?

    @OptionGroup var untested: UntestedOptions

    /// Is a point meant? Throws when the options do not go together.
    func isMeant(hasFolder: Bool) throws -> Bool {
        let targets = [hasFolder && point != nil, into != nil, inPlace, undo, dropAside].filter { $0 }.count
        guard point != nil || targets > 0 else {
            guard source.isEmpty, confirm == nil, run == nil else {
                throw ValidationError("--source, --confirm and --run go with --point")
            }
            return false
        }
        guard targets == 1 else {
            throw ValidationError("give one of --to, --into, --in-place, --undo, --drop-aside")
        }
        if undo || dropAside {
            guard point == nil else { throw ValidationError("--undo and --drop-aside need no --point") }
        } else {
            guard point != nil else { throw ValidationError("--point is missing: an ID, or `latest`") }
        }
        if inPlace || undo || dropAside || into != nil, source.count != 1 {
            throw ValidationError("name one source with --source")
        }
        if run != nil, into != "scratch" { throw ValidationError("--run goes with --into scratch") }
        if let into, into != "scratch", ServerAddressText(into) == nil {
            throw ValidationError("--into takes `scratch` or HOST:PORT, not `\(into)`")
        }
        return true
    }
}

/// `host:port`, `[::1]:3306`.
struct ServerAddressText {
    let host: String
    let port: Int

    init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]),
            (1...65_535).contains(port)
        else { return nil }
        let name = text[..<colon]
        host = String(name.hasPrefix("[") && name.hasSuffix("]") ? name.dropFirst().dropLast() : name)
        guard !host.isEmpty else { return nil }
        self.port = port
    }
}
