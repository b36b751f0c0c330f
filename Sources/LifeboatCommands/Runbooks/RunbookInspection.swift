import DataSources
import Drills
import Runbooks
import Trees

/// Everything that can be found wrong with a runbook: `RunbookCheck`, what a shell says, what the ledger says.
struct RunbookInspection {
    let context: CommandContext
    /// Nil when no environment is meant.
    let environment: DrillEnvironment?
    /// Nil when the ledger was not asked.
    let history: RunbookHistory?

    /// What is wrong, in the order of the lines.
    func problems(of runbook: Runbook) async throws -> [RunbookProblem] {
        let check = RunbookCheck(
            hosts: environment.map { Set($0.hosts.map(\.name)) },
            // Without an environment whoever follows gives what the head asks for.
            variables: environment.map { Set($0.variables.keys) } ?? Set(runbook.head.variables),
            today: RunbookInspection.day(context))
        var problems = check.problems(of: runbook)
        for script in runbook.scripts {
            if let problem = try await shellProblem(script) { problems.append(problem) }
        }
        // Staging may be broken with what nobody approved; real machines may not.
        let wantsApproval = environment.map { $0.driver == .ssh } ?? true
        problems += history?.problems(of: runbook, wantsApproval: wantsApproval) ?? []
        return problems.sorted { $0.line < $1.line }
    }

    /// What `sh -n` says: a quote or a `done` that is missing.
    private func shellProblem(_ script: RunbookScript) async throws -> RunbookProblem? {
        var command = ToolCommand("/bin/sh", ["-n"], variables: ["LC_ALL": "C"])
        command.input = .bytes(Array(script.text.utf8))
        do {
            _ = try await command.run(limit: 1 << 16, timeout: .seconds(60))
            return nil
        } catch let error as SourceError where error.code == .toolFailed {
            let said = error.hint.split(separator: ": ", maxSplits: 1).last.map(String.init) ?? error.hint
            return RunbookProblem(
                .shellError, line: script.line + (RunbookInspection.lineNumber(said) ?? 0),
                "a shell does not understand this: \(said)", hint: "a quote, a brace or a `done` may be missing")
        }
    }

    /// `sh: 3: Syntax error: …`
    private static func lineNumber(_ said: String) -> Int? {
        said.split(separator: ":").dropFirst().lazy.compactMap { Int($0.filter { !$0.isWhitespace }) }.first
    }

    /// Today by UTC: `2026-11-21`.
    static func day(_ context: CommandContext) -> String { String(context.now().rfc3339.prefix(10)) }
}
