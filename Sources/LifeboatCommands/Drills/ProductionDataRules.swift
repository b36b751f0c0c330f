import Drills
import Ledger
import Runbooks

/// What must be so before a drill with production's data may begin at all.
struct ProductionDataRules {
    let material: DrillMaterial
    let keepsStaging: Bool
    let context: CommandContext
    let global: GlobalOptions

    /// - Throws: `CommandError` for what is missing.
    func require(isResumed: Bool) async throws {
        guard material.environment.dataKind == .productionPoint else { return }
        guard material.scenario.masks != nil, !material.scenario.personal.isEmpty else {
            throw CommandError(
                .invalidArgument, "production's data needs a mask profile, and to know what is personal in it",
                subject: "\(material.scenario.id): \(material.scenario.title)",
                hint: "`masks: PROFILE` and `personal: [database.table.column]` of the scenario")
        }
        guard !keepsStaging else {
            throw CommandError(
                .invalidArgument, "production's data does not stay in staging", subject: material.environment.name,
                hint: "leave out --keep")
        }
        // A drill that goes on was approved when it began.
        guard !isResumed else { return }
        let opened = try await RecoveryAccess(context: context, options: global).open()
        let person = opened.ledger.pseudonym(of: RunbookApprover.name(context))
        let history = try await RunbookLedger(ledger: opened.ledger).history()
        guard history.approval(of: material.runbook.digest, byOtherThan: person) != nil else {
            throw CommandError(
                .invalidArgument,
                "production's data comes into staging only by a runbook that somebody else than you approved as it is",
                subject: material.runbook.file,
                hint: "a second person reads it, then: `lifeboat runbook approve \(material.runbook.head.scenario)`")
        }
    }
}
