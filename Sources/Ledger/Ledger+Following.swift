/// Events that were read one by one.
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

    /// Reads some events of a node. Each is proven by itself: signature, place, payload; that they are a chain, `verify` proves.
    ///
    /// - Throws: `StoreError` when the store cannot be read.
    public func events(of node: String, numbered sequences: [UInt64]) async throws -> EventBatch {
        var batch = EventBatch()
        try await withThrowingTaskGroup(of: EventBatch.self) { group in
            var waiting = sequences[...]
            for _ in 0..<Ledger.followWidth {
                guard let next = waiting.popFirst() else { break }
                group.addTask { try await self.proven(node, next) }
            }
            while let one = try await group.next() {
                batch.events += one.events
                batch.problems += one.problems
                if let next = waiting.popFirst() { group.addTask { try await self.proven(node, next) } }
            }
        }
        batch.events.sort { $0.header.sequence < $1.header.sequence }
        batch.problems.sort { $0.sequence < $1.sequence }
        return batch
    }

    private func proven(_ node: String, _ sequence: UInt64) async throws -> EventBatch {
        var reading = HistoryReading(node: node, repositoryID: seal.repositoryID)
        reading.take(try await read(node, sequence))
        // That those before it are missing here says nothing.
        let problems = reading.history.problems.filter { $0.kind != .gap }
        return EventBatch(events: problems.isEmpty ? reading.history.events : [], problems: problems)
    }
}
