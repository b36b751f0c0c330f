import ArgumentParser
import Configuration
import Recovery

struct ReconcileCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "reconcile", abstract: "Compare the files that a database refers to with those of the same point.",
        discussion: """
            Restores the database of the point into a throw-away server, asks the configured query which files its rows name, and \
            looks for them in the files' snapshot. Rows without file are a loss; files without row are waste.

              lifeboat reconcile latest

            Exit code 4: a row has no file, or another one than it says.
            """)

    @Argument(help: ArgumentHelp("ID, the beginning of one, or `latest`.", valueName: "point")) var point = "latest"
    @Option(help: ArgumentHelp("The database's source (default: all that say how).", valueName: "name"))
    var source: String?
    @OptionGroup var untested: UntestedOptions
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        var access = RecoveryAccess(context: context, options: global)
        access.acceptsUntested = untested.acceptUntested
        let opened = try await access.open()
        let sources =
            try source.map { [try opened.source($0)] } ?? opened.configuration.sources.filter { $0.reconcile != nil }
        guard !sources.isEmpty else {
            throw CommandError(
                .invalidArgument, "no source says how its rows name files", subject: opened.configuration.file,
                hint: "give a database `reconcile: {query: …, files: …, root: …}`")
        }
        let needed = sources.flatMap { [$0.name] + ($0.reconcile.map { [$0.files] } ?? []) }
        let entry = try await PointStore(opened.recovery.repository).find(point, having: needed)
        let (output, isQuiet) = (context.output, global.quiet || global.json)
        var results = [Reconciliation]()
        for source in sources {
            results.append(
                try await ReconcileRun(entry, source: source, in: opened.recovery).run { phase in
                    if !isQuiet { output.draw("\(source.name): \(phase.words)") }
                })
        }
        output.erase()
        try output.report(ReconcileReport(results: results), global)
        return results.allSatisfy(\.isComplete) ? .done : .verdictFail
    }
}

private struct ReconcileReport: Report {
    /// More names than this are only counted, but in JSON.
    private static let shownCount = 20
    let results: [Reconciliation]

    func encode(to encoder: any Encoder) throws { try results.encode(to: encoder) }

    var lines: [String] {
        results.flatMap { result in
            [
                "\(result.database) and \(result.files), point \(result.point): "
                    + "\(Units.count(result.rowCount, "row")) name a file, \(Units.count(result.fileCount, "file")) are there"
            ]
                + list("rows without file", result.rowsWithoutFile)
                + list("files without row", result.filesWithoutRow)
                + list("other than the row says", result.mismatches.map { "\($0.path): \($0.difference)" })
        }
    }

    private func list(_ title: String, _ names: [String]) -> [String] {
        let more = names.count - ReconcileReport.shownCount
        return ["  \(title): \(names.count)"] + names.prefix(ReconcileReport.shownCount).map { "    \($0)" }
            + (more > 0 ? ["    … and \(more) more; --json lists all"] : [])
    }
}
