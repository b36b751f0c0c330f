import ObjectStore

/// All chains, held against each other.
public struct LedgerReport: Sendable {
    /// One for each node.
    public let nodes: [NodeHistory]
    /// What is wrong, chain by chain, and then what they say of each other.
    public let problems: [LedgerProblem]

    /// Nothing is wrong.
    public var isSound: Bool { problems.isEmpty }
}

extension Ledger {
    /// Reads and proves everything: each chain by itself, what nodes saw of each other, and what this machine remembers.
    ///
    /// - Throws: `StoreError` when the store cannot be read; `LedgerError` when this machine's state cannot.
    public func verify() async throws -> LedgerReport {
        var histories = [NodeHistory]()
        for node in try await nodes() { histories.append(try await history(of: node)) }
        let memory = try await lane.run { () throws(LedgerError) in try self.state.memory() }
        var problems = histories.flatMap(\.problems)
        let chains = Chains(histories)
        for history in histories {
            // The last thing an event saw of a node covers all before it, so each head is looked at once.
            var told = Set<EventHead>()
            for event in history.events {
                for head in event.header.seen where told.insert(head).inserted {
                    problems += chains.contradictions(to: head, seenBy: "\(history.node)/\(event.header.sequence)")
                }
            }
        }
        if let head = memory?.head?.head(of: node) {
            problems += chains.contradictions(to: head, seenBy: "this machine")
        }
        for (other, seen) in (memory?.seen ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard let head = seen.head(of: other) else { continue }
            problems += chains.contradictions(to: head, seenBy: "this machine")
        }
        var known = Set<LedgerProblem>()
        return LedgerReport(nodes: histories, problems: problems.filter { known.insert($0).inserted })
    }
}

/// Headers by node and number.
private struct Chains {
    private var headers: [String: [UInt64: EventHead]] = [:]
    private var broken: Set<String> = []

    init(_ histories: [NodeHistory]) {
        for history in histories {
            for event in history.events {
                headers[history.node, default: [:]][event.header.sequence] = event.header.head
            }
            for problem in history.problems where problem.kind == .unreadable || problem.kind == .gap {
                broken.insert("\(history.node)/\(problem.sequence)")
            }
        }
    }

    /// What the chains say against a head that somebody saw.
    func contradictions(to head: EventHead, seenBy witness: String) -> [LedgerProblem] {
        guard let found = headers[head.node]?[head.sequence] else {
            // Told already as what it is: an event that cannot be opened.
            if broken.contains("\(head.node)/\(head.sequence)") { return [] }
            return [
                LedgerProblem(
                    kind: .rolledBack, node: head.node, sequence: head.sequence,
                    message: "\(witness) saw \(head.short), which is gone")
            ]
        }
        guard found != head else { return [] }
        return [
            LedgerProblem(
                kind: .fork, node: head.node, sequence: head.sequence,
                message: "\(witness) saw \(head.short), the store has \(found.short)")
        ]
    }
}
