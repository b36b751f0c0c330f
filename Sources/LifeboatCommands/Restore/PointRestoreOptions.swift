import ArgumentParser

/// Which point, what of it, and where to.
struct PointRestoreOptions: ParsableArguments {
    @Option(help: ArgumentHelp("ID, the beginning of one, or `latest`.", valueName: "point")) var point: String?

    @OptionGroup var moment: MomentOptions

    @Option(help: ArgumentHelp("Only this source; may be given several times.", valueName: "name"))
    var source: [String] = []

    @Option(
        help: ArgumentHelp(
            "`scratch`: a private server of its own; HOST:PORT: a server that runs and is empty.", valueName: "target"))
    var into: String?

    @Flag(help: "With --in-place: do not wait until the journal has what the live server wrote last.")
    var withoutLastFlush = false

    @Flag(help: "Put the restored copy in the place of the live one.") var inPlace = false
    @Flag(help: "Take a restore in place back.") var undo = false
    @Flag(help: "Accept a restore in place: remove what was set aside.") var dropAside = false

    @Option(
        help: ArgumentHelp(
            "The source's name, or the service's for several, typed out: for --in-place without a terminal.",
            valueName: "name"))
    var confirm: String?

    @Option(help: ArgumentHelp("With scratch: run this instead of waiting for Ctrl-C.", valueName: "command"))
    var run: String?

    @OptionGroup var copy: RecipientOptions

    @Option(help: ArgumentHelp("Account for --into HOST:PORT.", valueName: "name")) var targetUser: String?

    @Option(
        help: ArgumentHelp("File with that account's password.", valueName: "file"), completion: .file())
    var targetPasswordFile: String?

    @OptionGroup var untested: UntestedOptions

    /// Is a moment between points meant?
    var hasMoment: Bool { moment.count > 0 }

    /// Is a point meant, or a moment? Throws when the options do not go together.
    ///
    /// A dry run of a moment needs no target: its plan is the same for each.
    func isMeant(hasFolder: Bool, isDryRun: Bool) throws -> Bool {
        guard moment.count + (point == nil ? 0 : 1) <= 1 else {
            throw ValidationError("give one of --point, --at, --at-position, --before-position")
        }
        guard !withoutLastFlush || inPlace else {
            throw ValidationError("--without-last-flush goes with --in-place")
        }
        guard moment.timeline == nil || hasMoment else {
            throw ValidationError("--timeline goes with --at, --at-position and --before-position")
        }
        let targets = [hasFolder && (point != nil || hasMoment), into != nil, inPlace, undo, dropAside].filter { $0 }
            .count
        guard point != nil || hasMoment || targets > 0 else {
            guard source.isEmpty, confirm == nil, run == nil else {
                throw ValidationError("--source, --confirm and --run go with --point and --at")
            }
            return false
        }
        guard targets == 1 || targets == 0 && hasMoment && isDryRun else {
            throw ValidationError("give one of --to, --into, --in-place, --undo, --drop-aside")
        }
        if undo || dropAside {
            guard point == nil, !hasMoment else { throw ValidationError("--undo and --drop-aside need no --point") }
        } else {
            guard point != nil || hasMoment else { throw ValidationError("--point is missing: an ID, or `latest`") }
            if hasMoment, let into, into != "scratch" {
                throw ValidationError("--at restores --to a folder, --into scratch or --in-place")
            }
        }
        // A database in a scratch server may bring its files; in place a service comes back source by source.
        let mayBeSeveral = (inPlace || hasMoment && into == "scratch") && !source.isEmpty
        if inPlace || undo || dropAside || into != nil, source.count != 1, !mayBeSeveral {
            throw ValidationError("name one source with --source")
        }
        guard !copy.isGiven || into != nil else { throw ValidationError("--mask and --unmasked go with --into") }
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
