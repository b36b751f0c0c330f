import Sealing

/// Events that were read some at a time.
public struct EventBatch: Sendable {
    /// Those that are sound, in the order of their numbers.
    public var events: [Event] = []
    /// What is wrong with the others.
    public var problems: [LedgerProblem] = []
}

extension Ledger {
    private static let followWidth = 16

    /// The repository whose ledger it is.
    public var repositoryID: String { seal.repositoryID }

    /// Running numbers of a node's stored events behind `sequence`, in order.
    ///
    /// - Throws: `StoreError` when the store cannot be read.
    public func sequences(of node: String, after sequence: UInt64) async throws -> [UInt64] {
        try await headerNumbers(of: node, after: sequence)
    }

    /// Reads some events of a node. Each is proven by itself: that the node signed it, place, payload. That all of them are one
    /// chain under one key, `verify` proves.
    ///
    /// - Throws: `StoreError` when the store cannot be read.
    public func events(of node: String, numbered sequences: [UInt64]) async throws -> EventBatch {
        let read = try await withThrowingTaskGroup(of: ReadEvent.self) { group in
            var waiting = sequences[...]
            for next in waiting.prefix(Ledger.followWidth) { group.addTask { try await self.read(node, next) } }
            waiting = waiting.dropFirst(Ledger.followWidth)
            var read = [ReadEvent]()
            while let one = try await group.next() {
                read.append(one)
                if let next = waiting.popFirst() { group.addTask { try await self.read(node, next) } }
            }
            return read.sorted { $0.sequence < $1.sequence }
        }
        var proof = BatchProof(node: node, repositoryID: seal.repositoryID)
        for event in read.reversed() { proof.take(event) }
        return EventBatch(events: proof.batch.events.reversed(), problems: proof.batch.problems.reversed())
    }
}

/// Proves events from the last to the first. One that is proven vouches for the one before it, whose hash it names under the same
/// key; so one signature is looked at for a whole run of events, which costs a thousandth of looking at each.
struct BatchProof {
    let node: String
    let repositoryID: String
    private(set) var batch = EventBatch()
    private var next: EventHeader?

    init(node: String, repositoryID: String) {
        self.node = node
        self.repositoryID = repositoryID
    }

    /// Takes the event before the last that was taken.
    mutating func take(_ read: ReadEvent) {
        let voucher = next
        next = nil
        switch read.signed {
        case .failure(let error):
            tell(.unreadable, read, "the event cannot be opened: \(HistoryReading.describe(error))")
        case .success(let signed):
            let header = signed.header
            guard header.node == node, header.sequence == read.sequence, header.repositoryID == repositoryID else {
                return tell(.unreadable, read, "the event says that it is \(header.node)/\(header.sequence)")
            }
            let isVouchedFor =
                voucher?.sequence == header.sequence + 1 && voucher?.publicKey == header.publicKey
                && voucher?.previous == header.hash
            guard isVouchedFor || signed.isSigned else {
                return tell(.badSignature, read, "the signature is not that of the key it names")
            }
            next = header
            let payload = read.payload(signedBy: header)
            guard payload != .damaged else {
                return tell(.payloadDamaged, read, "the payload is not what was signed")
            }
            batch.events.append(Event(header: header, payload: payload))
        }
    }

    private mutating func tell(_ kind: LedgerProblem.Kind, _ read: ReadEvent, _ message: String) {
        batch.problems.append(LedgerProblem(kind: kind, node: node, sequence: read.sequence, message: message))
    }
}
