import ArgumentParser
import Catalog
import Configuration

struct CatalogMirrorCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "mirror", abstract: "Copy drills into a MariaDB table that a console already has.",
        discussion: """
            `mirror:` in the configuration says which table, and which of its columns take what. Drills that are not there yet, by \
            our id, are inserted in one transaction; nothing is ever changed or deleted. The account needs INSERT and SELECT on \
            that table, nothing else.
            """)

    @Flag(help: "Say which drills would be inserted, and insert none.") var dryRun = false
    @Flag(help: "Do not bring the catalog up to date first; needs no store.") var offline = false
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let access = CatalogAccess(context: context, options: global)
        let opened = try await access.open(offline: offline)
        guard let settings = opened.configuration.mirror else {
            throw CommandError(
                .invalidArgument, "the configuration has no mirror", subject: opened.configuration.file,
                hint: "write `mirror:`; `lifeboat config example` shows how")
        }
        let environment = RecoveryAccess(context: context, options: global).sourceEnvironment
        let mirror = CatalogMirror(settings, environment: environment)
        let result = try await mirror.run(opened.catalog, isDryRun: dryRun)
        try context.output.report(MirrorReport(result: result, isDryRun: dryRun, table: mirror.place), global)
        return .done
    }
}

private struct MirrorReport: Report {
    let result: CatalogMirror.Result
    let isDryRun: Bool
    let table: String

    enum CodingKeys: String, CodingKey {
        case table
        case isDryRun = "is_dry_run"
    }

    func encode(to encoder: any Encoder) throws {
        try result.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(table, forKey: .table)
        try container.encode(isDryRun, forKey: .isDryRun)
    }

    var lines: [String] {
        result.inserted.map { "\(isDryRun ? "would insert" : "inserted") \($0)" } + [
            "\(Units.count(result.inserted.count, "drill")) \(isDryRun ? "would be inserted" : "inserted") into \(table), "
                + "\(result.presentCount) there already"
        ]
    }
}
