public import Ledger

/// An event as it comes into the catalog.
public struct CatalogEvent: Sendable, Hashable {
    /// Whose it is.
    public var node: String
    /// Its running number there.
    public var sequence: UInt64
    /// When it was written, by the node's clock.
    public var time: EventTime
    /// Its kind.
    public var kind: String
    /// Its payload, JSON; nil when it was deleted after its retention.
    public var payload: [UInt8]?

    /// An event.
    public init(node: String, sequence: UInt64, time: EventTime, kind: String, payload: [UInt8]?) {
        self.node = node
        self.sequence = sequence
        self.time = time
        self.kind = kind
        self.payload = payload
    }
}

/// Where events come from: the ledger, or a test's list.
public protocol EventFeed: Sendable {
    /// The repository whose events they are.
    var repositoryID: String { get }
    /// All nodes that wrote events.
    func nodes() async throws -> [String]
    /// Running numbers of a node's events behind `sequence`, in order.
    func sequences(of node: String, after sequence: UInt64) async throws -> [UInt64]
    /// Reads these events. Those that are not what was signed are left out, with a line for each.
    func events(of node: String, numbered: [UInt64]) async throws -> (events: [CatalogEvent], problems: [String])
}

/// The ledger as a feed.
public struct LedgerFeed: EventFeed {
    private let ledger: Ledger

    /// Of this ledger.
    public init(_ ledger: Ledger) { self.ledger = ledger }

    public var repositoryID: String { ledger.repositoryID }

    public func nodes() async throws -> [String] { try await ledger.nodes() }

    public func sequences(of node: String, after sequence: UInt64) async throws -> [UInt64] {
        try await ledger.sequences(of: node, after: sequence)
    }

    public func events(
        of node: String, numbered sequences: [UInt64]
    ) async throws -> (events: [CatalogEvent], problems: [String]) {
        let batch = try await ledger.events(of: node, numbered: sequences)
        let events = batch.events.map { event in
            var payload: [UInt8]?
            if case .present(let bytes) = event.payload { payload = bytes }
            return CatalogEvent(
                node: event.header.node, sequence: event.header.sequence, time: event.header.time,
                kind: event.header.kind.rawValue, payload: payload)
        }
        return (events, batch.problems.map { "\($0.node)/\($0.sequence): \($0.message)" })
    }
}
