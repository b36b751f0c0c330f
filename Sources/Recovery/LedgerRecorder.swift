public import Ledger

/// Appends events to the ledger of this node, with a pseudonym of who did it. While the store is away they wait on this machine.
public struct LedgerRecorder: EventRecorder {
    private struct Envelope<Payload: Encodable & Sendable>: Encodable, Sendable {
        let actor: String
        let detail: Payload
    }

    private let ledger: Ledger
    private let actor: String
    private let report: @Sendable (String) -> Void

    /// A recorder of what `user` does. `report` hears of events that had to wait.
    public init(_ ledger: Ledger, user: String, report: @escaping @Sendable (String) -> Void) {
        self.ledger = ledger
        actor = ledger.pseudonym(of: user)
        self.report = report
    }

    /// Appends `payload` as `{"actor": …, "detail": …}`.
    ///
    /// - Throws: `LedgerError`; a store that is away is no error.
    public func record(_ kind: String, _ payload: some Encodable & Sendable) async throws {
        let reference = try await ledger.append(
            kind: EventKind(rawValue: kind), payload: Envelope(actor: actor, detail: payload))
        guard !reference.isStored else { return }
        report("the event of this \(kind) waits on this machine, since the store cannot be reached")
    }
}
