import ArgumentParser
import Drills
import Runbooks
import Sealing

struct RunbookCheckCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Look for what would go wrong with runbooks at three in the morning.",
        discussion: """
            Unknown hosts and variables, steps without verification, missing time-outs and sections, shell text that no shell \
            understands, a review that is overdue, and variables that would tell the answer. Where the repository can be \
            reached, also whether the file changed since the last drill that passed, and since somebody approved it.

              lifeboat runbook check
              lifeboat runbook check D --environment scenarios/environments/staging.yaml --values /run/staging/values

            Without --environment hosts are not checked, and the variables that the head names are taken for given. Exit code 1: \
            something is wrong.
            """)

    @Argument(help: ArgumentHelp("Letters of scenarios, or files (default: all).", valueName: "runbook"))
    var names: [String] = []
    @OptionGroup var environment: EnvironmentOptions
    @OptionGroup var options: RunbookOptions
    @OptionGroup var ledger: LedgerOptions
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let folder = RunbookFolder(context: context, global: global, options: options)
        let inspection = RunbookInspection(
            context: context, environment: try EnvironmentFile(options: environment, context: context).load(),
            history: try await RunbookLedger.reachable(context, global, ledger))
        var checked = [CheckedRunbook]()
        if names.isEmpty {
            for entry in try folder.all() { checked.append(try await check(entry.runbook, entry.file, inspection)) }
        } else {
            for name in names {
                checked.append(try await check(Result { try folder.find(name) }, name, inspection))
            }
        }
        try context.output.report(RunbookCheckReport(runbooks: checked), global)
        return checked.allSatisfy(\.problems.isEmpty) ? .done : .failed
    }

    private func check(
        _ runbook: Result<Runbook, any Error>, _ file: String, _ inspection: RunbookInspection
    ) async throws -> CheckedRunbook {
        do {
            let runbook = try runbook.get()
            return CheckedRunbook(
                file: runbook.file, scenario: runbook.head.scenario, digest: runbook.digest.hex,
                isApproved: inspection.history.map { $0.approval(of: runbook.digest) != nil },
                lastPassed: inspection.history?.lastPassed(runbook)?.runbookDigest,
                problems: try await inspection.problems(of: runbook))
        } catch let error as RunbookError {
            return CheckedRunbook(
                file: file, scenario: nil, digest: nil, isApproved: nil, lastPassed: nil, problems: error.problems)
        }
    }
}

/// A runbook and what is wrong with it.
struct CheckedRunbook: Encodable {
    let file: String
    let scenario: String?
    let digest: String?
    /// Nil when the ledger was not asked.
    let isApproved: Bool?
    /// The version that passed a drill last.
    let lastPassed: String?
    let problems: [RunbookProblem]

    enum CodingKeys: String, CodingKey {
        case file, scenario, digest, problems
        case isApproved = "is_approved"
        case lastPassed = "last_passed"
    }

    var lines: [String] {
        if problems.isEmpty {
            let approval = isApproved.map { $0 ? ", approved" : ", not approved" } ?? ""
            let drill = lastPassed == nil ? "" : ", drilled as it is"
            return ["\(file): no problems\(approval)\(drill)"]
        }
        return problems.map { "\(file):\($0.line): \($0.message)" + ($0.hint.isEmpty ? "" : "\n  hint: \($0.hint)") }
    }
}

private struct RunbookCheckReport: Report {
    let runbooks: [CheckedRunbook]

    var lines: [String] {
        let count = runbooks.reduce(0) { $0 + $1.problems.count }
        return runbooks.flatMap(\.lines) + [
            "\(Units.count(runbooks.count, "runbook")), \(count == 0 ? "no problems" : Units.count(count, "problem"))"
        ]
    }
}
