import Ledger
import Runbooks

/// Events about runbooks.
struct RunbookLedger {
    /// Somebody approved a version of a runbook.
    static let approved = "runbook_approved"
    /// Somebody followed a runbook in an emergency.
    static let followed = "runbook_followed"

    let ledger: Ledger

    private struct Envelope<Detail: Decodable>: Decodable {
        let detail: Detail
    }

    /// Reads all approvals and drills, of all nodes, oldest first.
    ///
    /// - Throws: `StoreError` when the store cannot be read.
    func history() async throws -> RunbookHistory {
        var approvals = [(EventTime, RunbookHistory.Approval)]()
        var drills = [(EventTime, RunbookHistory.Drill)]()
        for node in try await ledger.nodes() {
            for event in try await ledger.events(of: node) {
                let (kind, time) = (event.header.kind, event.header.time)
                if kind.rawValue == RunbookLedger.approved,
                    let envelope = event.decode(as: Envelope<RunbookHistory.Approval>.self)
                {
                    approvals.append((time, envelope.detail))
                } else if kind == .drill, let envelope = event.decode(as: Envelope<RunbookHistory.Drill>.self) {
                    drills.append((time, envelope.detail))
                }
            }
        }
        return RunbookHistory(
            approvals: approvals.sorted { $0.0 < $1.0 }.map(\.1), drills: drills.sorted { $0.0 < $1.0 }.map(\.1))
    }

    /// What is known where the ledger can be reached; nil, and a note, where it cannot.
    static func reachable(
        _ context: CommandContext, _ global: GlobalOptions, _ options: LedgerOptions
    ) async throws -> RunbookHistory? {
        guard !options.offline else { return nil }
        do {
            let opened = try await RecoveryAccess(context: context, options: global).open()
            return try await RunbookLedger(ledger: opened.ledger).history()
        } catch {
            try Task.checkCancellation()
            let why = ErrorReport(error).message
            context.output.message("note: approvals and drills are not known here: \(why)")
            return nil
        }
    }
}

/// Who approves, by the pseudonym that events hold.
enum RunbookApprover {
    /// The account that a person came from, also through sudo.
    static func name(_ context: CommandContext) -> String {
        guard context.user.uid == 0, let name = context.environment["SUDO_USER"], !name.isEmpty else {
            return context.user.name
        }
        return name
    }
}
