import ArgumentParser
import Catalog
import Drills

struct DrillListCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List drills, oldest first: objective against achieved.")

    @Option(help: ArgumentHelp("Only those of this scenario.", valueName: "name")) var scenario: String?
    @OptionGroup var catalog: CatalogOptions
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let opened = try await CatalogAccess(context: context, options: global).open(offline: catalog.offline)
        try context.output.report(DrillListReport(drills: try await opened.catalog.drills(of: scenario)), global)
        return .done
    }
}

private struct DrillListReport: Report {
    let drills: [DisasterRecoveryTest]

    func encode(to encoder: any Encoder) throws { try drills.encode(to: encoder) }

    var lines: [String] {
        if drills.isEmpty { return ["no drills yet"] }
        var table = TextTable(
            ["ID", "Environment", "Who decided", "Verdict", "Degraded", "Full", "RPO rows", "RPO files", "Lost after"],
            right: ["Lost after"])
        for drill in drills {
            table.add([
                drill.id, drill.environment, drill.isAttended ? "a person" : "nobody", DrillText.verdict(drill),
                DrillText.achieved(drill.degradedSeconds, of: drill.degradedObjectiveSeconds),
                DrillText.achieved(drill.fullSeconds, of: drill.fullObjectiveSeconds),
                DrillText.achieved(drill.rpoDatabaseSeconds, of: drill.rpoObjectiveSeconds),
                DrillText.seconds(drill.rpoFilesSeconds), drill.lostAfterFault.map { "\($0)" } ?? "-",
            ])
        }
        return table.lines + [Units.count(drills.count, "drill")]
    }
}
