import ArgumentParser
import Runbooks
import Sealing
import Settings

struct RunbookListCommand: Command {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the runbooks.")

    @OptionGroup var options: RunbookOptions
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let entries = try RunbookFolder(context: context, global: global, options: options).all()
        var rows = [RunbookRow]()
        var damaged = 0
        for entry in entries {
            switch entry.runbook {
            case .success(let runbook): rows.append(RunbookRow(runbook))
            case .failure(let error):
                damaged += 1
                for line in ErrorReport(error).lines { context.output.message(line) }
            }
        }
        try context.output.report(RunbookListReport(runbooks: rows), global)
        return damaged == 0 ? .done : .failed
    }
}

/// A runbook as lists show it.
struct RunbookRow: Encodable {
    let scenario: String
    let title: String
    let file: String
    let digest: String
    let owner: String
    let reviewBy: String
    let degradedSeconds: Double?
    let fullSeconds: Double
    let stepCount: Int
    let decisionCount: Int

    enum CodingKeys: String, CodingKey {
        case scenario, title, file, digest, owner
        case reviewBy = "review_by"
        case degradedSeconds = "degraded_seconds"
        case fullSeconds = "full_seconds"
        case stepCount = "step_count"
        case decisionCount = "decision_count"
    }

    init(_ runbook: Runbook) {
        let head = runbook.head
        (scenario, title, file, digest) = (head.scenario, head.title, runbook.file, runbook.digest.hex)
        (owner, reviewBy) = (head.owner, head.reviewBy)
        (degradedSeconds, fullSeconds) = (head.degraded.map { $0 / .seconds(1) }, head.full / .seconds(1))
        stepCount = runbook.actions.count { if case .step = $0 { true } else { false } }
        decisionCount = runbook.actions.count - stepCount
    }

    /// `1h full`, `30m degraded, 2h full`.
    var objective: String {
        (degradedSeconds.map { "\(Quantity.text(.seconds($0))) degraded, " } ?? "")
            + "\(Quantity.text(.seconds(fullSeconds))) full"
    }
}

private struct RunbookListReport: Report {
    let runbooks: [RunbookRow]

    func encode(to encoder: any Encoder) throws { try runbooks.encode(to: encoder) }

    var lines: [String] {
        if runbooks.isEmpty { return ["no runbooks"] }
        var table = TextTable(
            ["Scenario", "Title", "Objective", "Steps", "Owner", "Read again by", "File"], right: ["Steps"])
        for row in runbooks {
            table.add([
                row.scenario, row.title, row.objective, "\(row.stepCount + row.decisionCount)", row.owner, row.reviewBy,
                row.file,
            ])
        }
        return table.lines
    }
}
