import ArgumentParser
import Ledger
import Recovery
import Runbooks
import Sealing

struct RunbookApproveCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Say that a second person has read a runbook as it is and stands by it.",
        discussion: """
            Records the file's SHA-256 in the ledger with a pseudonym of who you are. Any edit makes it a version that nobody \
            approved. A drill on real machines wants an approval by somebody else than who runs it. Refused while `check` finds \
            something.

              lifeboat runbook approve D --author anna
            """)

    @Argument(help: ArgumentHelp("Letter of the scenario, or a file.", valueName: "runbook")) var runbook: String
    @Option(help: ArgumentHelp("Account of who wrote it; must be somebody else than you.", valueName: "name"))
    var author: String?
    @OptionGroup var environment: EnvironmentOptions
    @OptionGroup var options: RunbookOptions
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let found = try RunbookFolder(context: context, global: global, options: options).find(runbook)
        let inspection = RunbookInspection(
            context: context, environment: try EnvironmentFile(options: environment, context: context).load(),
            history: nil)
        let problems = try await inspection.problems(of: found)
        guard problems.isEmpty else { throw RunbookError(file: found.file, problems: problems) }
        let person = RunbookApprover.name(context)
        guard author != person else {
            throw CommandError(
                .invalidArgument, "who wrote it cannot approve it", subject: found.file,
                hint: "let somebody else read it and run this")
        }
        let opened = try await RecoveryAccess(context: context, options: global).open()
        let approval = RunbookHistory.Approval(
            scenario: found.head.scenario, file: found.file, digest: found.digest.hex,
            author: author.map { opened.ledger.pseudonym(of: $0) },
            approvedBy: opened.ledger.pseudonym(of: person))
        try await opened.recovery.recorder.record(RunbookLedger.approved, approval)
        try context.output.report(ApprovalReport(approval: approval, title: found.head.title), global)
        return .done
    }
}

private struct ApprovalReport: Report {
    let approval: RunbookHistory.Approval
    let title: String

    func encode(to encoder: any Encoder) throws { try approval.encode(to: encoder) }

    var lines: [String] {
        [
            "\(approval.scenario): \(title) is approved as it is, \(approval.digest.prefix(12)), by \(approval.approvedBy)"
        ]
    }
}
