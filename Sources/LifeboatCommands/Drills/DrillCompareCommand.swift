import ArgumentParser
import Catalog
import Drills

struct DrillCompareCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Put two drills side by side: objective, achieved, and each step.")

    @Argument(help: ArgumentHelp("ID, the beginning of one, or `latest`.", valueName: "drill")) var first: String
    @Argument(help: ArgumentHelp("The other.", valueName: "drill")) var second: String
    @OptionGroup var catalog: CatalogOptions
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let opened = try await CatalogAccess(context: context, options: global).open(offline: catalog.offline)
        let (one, other) = (try await opened.catalog.drill(first), try await opened.catalog.drill(second))
        try context.output.report(DrillComparison(one, other), global)
        return .done
    }
}

struct DrillComparison: Report {
    /// One thing that was measured; seconds, or a count.
    struct Measure: Encodable, Equatable {
        let name: String
        let objectives: [Double?]
        let achieved: [Double?]
    }

    /// A step, nil where a drill did not have it.
    struct Step: Encodable, Equatable {
        let step: String
        let seconds: [Double?]
    }

    let drills: [DisasterRecoveryTest]
    let measures: [Measure]
    let steps: [Step]

    init(_ one: RecordedDrill, _ other: RecordedDrill) {
        let both = [one, other]
        drills = both.map(\.test)
        func measure(
            _ name: String, _ value: KeyPath<DisasterRecoveryTest, Double?>,
            of objective: KeyPath<DisasterRecoveryTest, Double?>? = nil
        ) -> Measure {
            Measure(
                name: name, objectives: both.map { drill in objective.flatMap { drill.test[keyPath: $0] } },
                achieved: both.map { $0.test[keyPath: value] })
        }
        measures = [
            measure("degraded", \.degradedSeconds, of: \.degradedObjectiveSeconds),
            measure("full", \.fullSeconds, of: \.fullObjectiveSeconds), measure("people", \.humanSeconds),
            measure("RPO rows", \.rpoDatabaseSeconds, of: \.rpoObjectiveSeconds),
            measure("RPO files", \.rpoFilesSeconds),
        ]
        var names = one.steps.map(\.step)
        names += other.steps.map(\.step).filter { !names.contains($0) }
        steps = names.map { name in
            Step(step: name, seconds: both.map { drill in drill.steps.first { $0.step == name }.flatMap(\.seconds) })
        }
    }

    var lines: [String] {
        var table = TextTable(["", drills[0].id, drills[1].id, "Change"], right: ["Change"])
        table.add(["verdict"] + drills.map { DrillText.verdict($0) } + [""])
        table.add(["data"] + drills.map { $0.dataByteCount.map { Units.bytes($0) } ?? "-" } + [""])
        for measure in measures {
            table.add(
                [measure.name]
                    + zip(measure.achieved, measure.objectives).map { DrillText.achieved($0, of: $1) }
                    + [DrillComparison.change(measure.achieved)])
        }
        table.add(["lost after"] + drills.map { $0.lostAfterFault.map { "\($0)" } ?? "-" } + [""])
        for step in steps {
            table.add(
                ["step \(step.step)"] + step.seconds.map { DrillText.seconds($0) } + [
                    DrillComparison.change(step.seconds)
                ])
        }
        return table.lines
    }

    /// `+3.5 s`, `-0:12`; empty where one is not known.
    private static func change(_ values: [Double?]) -> String {
        guard let one = values[0], let other = values[1] else { return "" }
        return (other < one ? "-" : "+") + DrillText.seconds(abs(other - one))
    }
}
