import Drills
import Ledger
import Runbooks
import Sealing

/// Who runs a drill, and who else stands by its runbook as it is.
struct DrillPeople {
    /// Pseudonym; nil where the ledger cannot be reached.
    var performedBy: String?
    /// Pseudonym of somebody else; nil when nobody did.
    var approvedBy: String?

    /// Nobody known: a drill that is gone on with has them in its log.
    init() {}

    /// Asks the ledger.
    ///
    /// - Throws: `CommandError` when the drill would touch real machines by a runbook that nobody else approved as it is, and whatever
    ///   keeps the ledger from being asked then.
    init(material: DrillMaterial, context: CommandContext, global: GlobalOptions) async throws {
        let isReal = material.environment.driver == .ssh
        do {
            let opened = try await RecoveryAccess(context: context, options: global).open()
            let person = opened.ledger.pseudonym(of: RunbookApprover.name(context))
            performedBy = person
            let history = try await RunbookLedger(ledger: opened.ledger).history()
            approvedBy = history.approval(of: material.runbook.digest, byOtherThan: person)?.approvedBy
        } catch {
            // Staging may be broken by what nobody approved, and recorded later.
            guard !isReal, !Task.isCancelled else { throw error }
            return
        }
        guard isReal, approvedBy == nil else { return }
        let scenario = material.runbook.head.scenario
        throw CommandError(
            .invalidArgument,
            "nobody but you approved this runbook as it is (\(material.runbook.digest.hex.prefix(12))), and its hosts are real",
            subject: material.runbook.file,
            hint: "a second person reads it, then: `lifeboat runbook approve \(scenario)`; any edit asks for it anew")
    }
}
