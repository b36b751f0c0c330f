import ArgumentParser
import Catalog
import Drills
import Trees

struct DrillShowCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a drill: moments, losses, steps, and why its verdict is what it is.")

    @Argument(help: ArgumentHelp("ID, the beginning of one, or `latest`.", valueName: "drill")) var drill: String
    @OptionGroup var catalog: CatalogOptions
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let opened = try await CatalogAccess(context: context, options: global).open(offline: catalog.offline)
        try context.output.report(DrillShowReport(drill: try await opened.catalog.drill(drill)), global)
        return .done
    }
}

private struct DrillShowReport: Report {
    let drill: RecordedDrill

    /// As it was recorded.
    func encode(to encoder: any Encoder) throws {
        try DrillEventPayload(test: drill.test, steps: drill.steps, reasons: drill.reasons).encode(to: encoder)
    }

    var lines: [String] { head + moments + losses + reasons + steps + foot }

    private var test: DisasterRecoveryTest { drill.test }

    private var head: [String] {
        var data = test.dataKind
        if let count = test.dataByteCount { data += ", \(Units.bytes(count))" }
        if let scale = test.scalePercent { data += ", \(Units.decimal(scale, 0)) % of production's" }
        if let bandwidth = test.bandwidth { data += ", \(Units.bytes(bandwidth)) a second to stores" }
        if let delay = test.delaySeconds { data += ", \(Int(delay * 1000)) ms each way to stores" }
        return [
            "drill:     \(test.id), scenario \(test.scenario) in \(test.environment), "
                + (test.isAttended ? "a person decided" : "unattended"),
            "verdict:   \(DrillText.verdict(test).uppercased())", "data:      \(data)",
            "restored:  from \(test.pointID ?? "no point")\(test.targetPosition.map { " to \($0)" } ?? "")",
        ]
    }

    private var moments: [String] {
        let moments = [
            ("fault", test.faultAt), ("detected", test.detectedAt), ("declared", test.declaredAt),
            ("degraded", test.degradedAt), ("recovered", test.recoveredAt),
        ]
        let fault = test.faultAt.flatMap { Timestamp(rfc3339: $0) }
        return [""]
            + moments.compactMap { name, time in
                guard let time else { return nil }
                let moment = Timestamp(rfc3339: time)
                let after = fault.flatMap { fault in moment.map { $0.seconds - fault.seconds } } ?? 0
                let name = name + ":" + String(repeating: " ", count: 10 - name.count)
                return name + Units.milliseconds(time) + (after > 0 ? "  +\(Units.clock(.seconds(after)))" : "")
            }
    }

    private var losses: [String] {
        [
            "", "degraded:  \(DrillText.achieved(test.degradedSeconds, of: test.degradedObjectiveSeconds))",
            "full:      \(DrillText.achieved(test.fullSeconds, of: test.fullObjectiveSeconds)), "
                + "people took \(DrillText.seconds(test.humanSeconds))",
            "RPO rows:  \(DrillText.achieved(test.rpoDatabaseSeconds, of: test.rpoObjectiveSeconds))",
            "RPO files: \(DrillText.seconds(test.rpoFilesSeconds))",
            "lost:      \(count(test.lostAfterFault)) after the fault, \(count(test.holes)) in the middle",
        ]
    }

    private func count(_ number: Int?) -> String { number.map { "\($0)" } ?? "not known" }

    private var reasons: [String] {
        drill.reasons.isEmpty
            ? [] : [""] + drill.reasons.map { "\($0.verdict.rawValue): \($0.message) (\($0.code))" }
    }

    private var steps: [String] {
        guard !drill.steps.isEmpty else { return [] }
        var table = TextTable(
            ["Step", "Host", "Phase", "Took", "Exit", "Attempts"], right: ["Took", "Exit", "Attempts"])
        for step in drill.steps {
            table.add([
                step.step, step.host, step.phase, DrillText.seconds(step.seconds), step.exit.map { "\($0)" } ?? "-",
                "\(step.attempts)",
            ])
        }
        return [""] + table.lines
    }

    private var foot: [String] {
        var lines = ["", "versions:  \(test.versions.joined(separator: ", "))"]
        if let digest = test.runbookDigest {
            let changed = test.isPlanChangedSinceLast.map { $0 ? ", changed since the last drill" : "" } ?? ""
            lines.append("runbook:   \(digest.prefix(12))\(changed)")
        }
        if let report = test.reportObject { lines.append("report:    \(report)") }
        if drill.steps.contains(where: { $0.logObject != nil }) {
            lines.append("logs:      `lifeboat drill report \(test.id) --step NAME` shows what a step said")
        }
        lines.append(
            "by:        \(test.performedBy ?? "-"), approved by \(test.approvedBy ?? "nobody"), event \(test.eventSequence ?? 0)"
        )
        return lines
    }
}
