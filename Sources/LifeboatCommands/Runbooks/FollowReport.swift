import Runbooks
import Settings

/// What following a runbook came to.
struct FollowReport: Report {
    let summary: FollowSummary

    func encode(to encoder: any Encoder) throws { try summary.encode(to: encoder) }

    var lines: [String] {
        var table = TextTable(["Step", "Where", "Phase", "Time", "Attempts", "Outcome"], right: ["Time", "Attempts"])
        for step in summary.steps {
            table.add([
                step.step, step.host ?? "decision", step.phase.rawValue, Units.clock(.seconds(step.seconds)),
                "\(step.attempts)",
                step.outcome.replacing("_", with: " ") + (step.reason.map { ": \($0)" } ?? ""),
            ])
        }
        let phases = RecoveryPhase.allCases.compactMap { phase in
            summary.phases[phase.rawValue].map { "\(phase.rawValue) \(Units.clock(.seconds($0)))" }
        }
        return table.lines + [
            "phases:    " + (phases.isEmpty ? "none" : phases.joined(separator: ", ")),
            "recovered: " + recovered,
            "from \(Units.zonedTime(summary.since)) to \(Units.zonedTime(summary.ended))"
                + (summary.resumeCount > 0 ? ", \(Units.count(summary.resumeCount, "interruption"))" : "")
                + (summary.reason.map { ", aborted: \($0)" } ?? ""),
        ]
    }

    private var recovered: String {
        guard let seconds = summary.recoverySeconds else { return "not all of the recovery was done" }
        let word = seconds <= summary.objectiveSeconds ? "within" : "OVER"
        return "after \(Units.clock(.seconds(seconds))), \(word) the objective of "
            + Quantity.text(.seconds(summary.objectiveSeconds))
    }
}
