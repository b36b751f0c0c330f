import ArgumentParser
import Catalog

struct CatalogCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "catalog",
        abstract: "Keep the catalog: what the ledger tells, as tables on this machine.",
        discussion: """
            Runs, recovery points, restores, verifications, drills and alerts, in SQLite in the state folder (docs/catalog.md). \
            It is made from the ledger's events, and may be deleted at any time.

              lifeboat catalog update
              sqlite3 -readonly "$(lifeboat catalog path)" 'SELECT id, verdict FROM disaster_recovery_tests'
            """,
        subcommands: [
            CatalogUpdateCommand.self, CatalogRebuildCommand.self, CatalogPathCommand.self, CatalogMirrorCommand.self,
        ])
}

struct CatalogUpdateCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Take in what the ledger has and the catalog does not.",
        discussion: "Ends with 1 when an event is not what was signed; it is left out.")

    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let opened = try await CatalogAccess(context: context, options: global).open()
        return try CatalogReport.tell(opened, global, context)
    }
}

struct CatalogRebuildCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "rebuild", abstract: "Make the catalog anew from all events of the ledger.",
        discussion: """
            Also when its file is damaged, of a newer release, or of another repository. What is in it afterwards is the same as \
            after updates. Ends with 1 when an event is not what was signed; it is left out.
            """)

    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let opened = try await CatalogAccess(context: context, options: global).rebuild()
        return try CatalogReport.tell(opened, global, context)
    }
}

struct CatalogPathCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "path", abstract: "Print where the catalog is, or will be.")

    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let place = try await CatalogAccess(context: context, options: global).place()
        try context.output.report(PathReport(path: place.path), global)
        return .done
    }
}

private struct PathReport: Report {
    let path: String
    var lines: [String] { [path] }
}

/// What came in.
private struct CatalogReport: Report {
    let path: String
    let update: CatalogUpdate

    enum CodingKeys: String, CodingKey {
        case path
    }

    func encode(to encoder: any Encoder) throws {
        try update.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(path, forKey: .path)
    }

    static func tell(
        _ opened: CatalogAccess.Opened, _ options: GlobalOptions, _ context: CommandContext
    ) throws -> ExitStatus {
        let update = opened.update ?? CatalogUpdate()
        try context.output.report(CatalogReport(path: opened.catalog.path, update: update), options)
        return update.problems.isEmpty ? .done : .failed
    }

    var lines: [String] {
        var lines = [
            "\(Units.count(update.readCount, "event")) taken in, the catalog has \(update.eventCount): \(path)"
        ]
        if !update.unknownKinds.isEmpty {
            let kinds = update.unknownKinds.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
            lines.append("of kinds that this release does not know: \(kinds.joined(separator: ", "))")
        }
        if update.unreadableCount > 0 {
            lines.append("\(Units.count(update.unreadableCount, "event")) with content that this release cannot read")
        }
        if update.goneCount > 0 { lines.append("\(Units.count(update.goneCount, "event")) without content any more") }
        return lines
    }
}
