import ArgumentParser
import Configuration
import Recovery
import Settings

struct ErasureCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "erasure", abstract: "Keep people erased who asked for it, whatever is restored later.",
        discussion: """
            Write somebody down before you erase them from the live database, and confirm it afterwards. A restore to a moment \
            before that erases them again before anybody gets to see what was restored. The ledger holds a keyed hash of the \
            key, and nothing else of the person. It belongs to a repository: with several stores, do it for each (--store).

              echo 4711 | lifeboat erasure add user --reference TICKET-12
              (erase user 4711 in the application)
              lifeboat erasure confirm 1
              lifeboat erasure verify
            """,
        subcommands: [
            ErasureAddCommand.self, ErasureConfirmCommand.self, ErasureListCommand.self, ErasureVerifyCommand.self,
        ])

    static func register(_ opened: RecoveryAccess.Opened) -> ErasureRegister {
        ErasureRegister(
            opened.configuration.handover.erasures, sources: opened.configuration.sources, in: opened.recovery)
    }
}

struct ErasureAddCommand: Command {
    /// Longer keys than any database has.
    private static let largestKey = 4096
    private static let largestReference = 256

    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Write down that somebody will be erased; before it is done.",
        discussion: """
            The key is what the first column of the kind's `enumerate` gives for the subject. It is personal data: an argument \
            can be seen by every account of this machine and stays in the shell's history, so better leave it out, and it is \
            read from the first line of standard input. Doing it twice does nothing the second time.

              lifeboat erasure add user < key-file
            """)

    @Argument(help: ArgumentHelp("Kind of subject, as under `erasures:` in the configuration.", valueName: "kind"))
    var kind: String
    @Argument(help: ArgumentHelp("Key of the subject; `-` or nothing: standard input.", valueName: "key"))
    var key: String?
    @Option(help: ArgumentHelp("For people, such as a ticket's number; must name nobody.", valueName: "text"))
    var reference: String?
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard let reference else { return }
        guard (1...Self.largestReference).contains(reference.utf8.count),
            reference.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
        else { throw ValidationError("--reference is one line of at most \(Self.largestReference) bytes") }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let opened = try await RecoveryAccess(context: context, options: global).open()
        let kinds = opened.configuration.handover.erasures.map(\.kind)
        guard kinds.contains(kind) else {
            throw CommandError(
                .invalidArgument, "no kind of subject is called `\(kind)`", subject: opened.configuration.file,
                hint: kinds.isEmpty
                    ? "describe it under `erasures:`" : NearestName.hint(kind, among: kinds, called: "there are"))
        }
        let result = try await ErasureCommand.register(opened).add(
            kind: kind, key: try await subjectKey(context), reference: reference)
        for warning in result.warnings { context.output.message("warning: \(warning)") }
        try context.output.report(ErasureReport(result), global)
        return .done
    }

    private func subjectKey(_ context: CommandContext) async throws -> String {
        let given = key == "-" ? nil : key
        guard let text = try await given.asyncOr({ try await context.inputLine(Self.largestKey) }), !text.isEmpty
        else {
            throw CommandError(
                .invalidArgument, "there is no key on standard input",
                hint: "write it there on one line: `lifeboat erasure add \(kind) < file`")
        }
        guard text.utf8.count <= Self.largestKey, !text.utf8.contains(0), !text.unicodeScalars.contains("\u{FFFD}")
        else {
            throw CommandError(.invalidArgument, "the key is no text of at most \(Self.largestKey) bytes in UTF-8")
        }
        return text
    }
}

struct ErasureConfirmCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "confirm", abstract: "Write down that it is done in the live database.",
        discussion: """
            Looks first whether the subject is gone there, and then asks where the database stands: what is restored to a moment \
            before that is told to erase again. Until it is confirmed, every restore erases.
            """)

    @Argument(help: ArgumentHelp("The number that `add` gave.", valueName: "number")) var number: UInt64
    @Flag(help: "Also when the subject is (again) in the live database.") var force = false
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let opened = try await RecoveryAccess(context: context, options: global).open()
        let result = try await ErasureCommand.register(opened).confirm(number, force: force)
        for warning in result.warnings { context.output.message("warning: \(warning)") }
        try context.output.report(ErasureReport(result), global)
        return .done
    }
}

/// One entry that was written, or was there.
private struct ErasureReport: Report {
    let number: UInt64
    let moment: ErasureEntry.Moment
    let kind: String
    let time: String
    let position: String?
    let confirms: UInt64?
    let isNew: Bool
    let warnings: [String]

    enum CodingKeys: String, CodingKey {
        case number, moment, kind, time, position, confirms, warnings
        case isNew = "is_new"
    }

    init(_ result: ErasureRegister.Result) {
        let entry = result.entry
        (number, moment, kind, time) = (entry.number, entry.moment, entry.kind, entry.time)
        (position, confirms) = (entry.position, entry.confirms)
        (isNew, warnings) = (result.isNew, result.warnings)
    }

    var lines: [String] {
        let place = position.map { " at position \($0)" } ?? ""
        switch moment {
        case .add:
            return [
                (isNew
                    ? "erasure \(number) is written down"
                    : "erasure \(number) of \(time) is this one, not confirmed yet")
                    + "; erase them now, then run `lifeboat erasure confirm \(number)`"
            ]
        case .confirm:
            let when = isNew ? "" : " already, on \(time)"
            return ["erasure \(confirms ?? 0) is confirmed\(place)\(when); entry \(number)"]
        }
    }
}

extension Optional where Wrapped: Sendable {
    /// As `??`, for something that waits.
    fileprivate func asyncOr(_ other: () async throws -> Wrapped?) async rethrows -> Wrapped? {
        if let self { return self }
        return try await other()
    }
}
