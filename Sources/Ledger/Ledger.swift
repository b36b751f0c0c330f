import FoundationEssentials
import Glibc
public import ObjectStore
public import Sealing

/// The signed chain of what a node did, beside the repository that it did it to.
///
/// Each event names the one before, so that none can be taken out or changed unnoticed by whoever lacks the node's key; and the
/// last events seen of other nodes, so that a whole chain cannot be replaced either. One process at a time writes for a node;
/// others wait. Any number may read. While the store is away events wait in a spool on this machine's disk.
public final class Ledger: Sendable {
    let store: any ObjectStore
    /// The node that `append` writes for.
    public let node: String
    let seal: EventSeal
    let state: NodeState
    private let now: @Sendable () -> EventTime
    let lane = BlockingLane(name: "ledger", threadCount: 1)
    /// How long to wait for another process that writes, and how often to look.
    private let patience: Duration
    private static let pause = Duration.milliseconds(20)

    /// Opens a ledger; nothing is read or written yet.
    ///
    /// - Parameters:
    ///   - store: the repository's.
    ///   - repositoryID: the `id` of its `config`.
    ///   - key: its master key; the key of events is derived from it.
    ///   - node: whose events are written: `Ledger.node(named:)` of the host's name, usually.
    ///   - folder: where this machine keeps the node's key, lock and spool; made when it is not there.
    ///   - patience: how long `append` waits for another process.
    /// - Throws: `invalidNode`.
    public init(
        store: any ObjectStore, repositoryID: String, key: SealingKey, node: String, folder: String,
        now: @escaping @Sendable () -> EventTime, patience: Duration = .seconds(60)
    ) throws(LedgerError) {
        guard EventName.isNode(node) else {
            throw LedgerError(
                .invalidNode, "a node's name has small letters, digits, `.`, `-` and `_`, at most 63", subject: node,
                hint: "choose another name for this node")
        }
        guard EventName.isNode(String(repositoryID.prefix(63))), !repositoryID.contains("/") else {
            throw LedgerError(.invalidNode, "the repository's ID makes no sense", subject: repositoryID)
        }
        self.store = store
        self.node = node
        self.now = now
        self.patience = patience
        seal = EventSeal(repositoryID: repositoryID, masterKey: key)
        state = NodeState(folder: folder, repositoryID: repositoryID, node: node)
    }

    /// A host's name as a node's: in small letters, with `-` for what is not allowed; `node` when nothing is left.
    public static func node(named host: String) -> String {
        let name = String(
            host.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "-" }
                .drop { !$0.isLetter && !$0.isNumber }.prefix(63))
        return name.isEmpty ? "node" : name
    }

    /// A user's name as events may hold it: 16 digits that tell nobody who it is, the same each time.
    public func pseudonym(of user: String) -> String { seal.pseudonym(of: user) }

    // MARK: Writing

    /// Adds an event: numbers it, signs it, puts it into the spool, and stores it with all that wait before it.
    ///
    /// `payload` is encoded as JSON. When the store cannot be reached the event waits and `isStored` is false; the next
    /// `append` or `flush`, of any process, stores it.
    ///
    /// - Throws: `LedgerError`: `locked`, `stateUnusable`, `headUnknown`, `invalidPayload`: there is no event; `forked`,
    ///   `rolledBack`: the event is in the spool and will not leave it.
    @discardableResult
    public func append(kind: EventKind, payload: some Encodable & Sendable) async throws -> EventReference {
        let payload = try encode(payload)
        return try await locked {
            let key = try await self.prepare()
            let memory = try await self.memory(key)
            let header = try await self.lane.run { try self.spool(kind, payload, key.key, memory) }
            do {
                try await self.store(memory, key.key.verifyingKey)
                return EventReference(header: header, isStored: true, delay: nil)
            } catch let error as StoreError {
                return EventReference(header: header, isStored: false, delay: error)
            }
        }
    }

    /// Stores what waits and looks at what other nodes wrote since, so that the next event names it.
    ///
    /// - Throws: `StoreError` when the store cannot be reached; `LedgerError` as `append`.
    public func flush() async throws {
        try await locked {
            let key = try await self.prepare()
            try await self.store(try await self.memory(key), key.key.verifyingKey)
        }
    }

    /// How many events wait on this machine.
    public func spooledCount() async throws -> Int {
        try await lane.run { () throws(LedgerError) in
            try self.state.prepare()
            return try self.state.spooled().count
        }
    }

    private func encode(_ payload: some Encodable) throws(LedgerError) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes: Data
        do {
            bytes = try encoder.encode(payload)
        } catch {
            throw LedgerError(.invalidPayload, "the payload cannot be encoded", subject: node, cause: error)
        }
        guard bytes.count <= EventSeal.largestPayload else {
            throw LedgerError(
                .invalidPayload, "the payload has \(bytes.count) of at most \(EventSeal.largestPayload) bytes",
                subject: node)
        }
        return Array(bytes)
    }

    private func spool(
        _ kind: EventKind, _ payload: [UInt8], _ key: SigningKey, _ memory: NodeMemory
    ) throws -> EventHeader {
        var last = memory.head?.head(of: node)
        if let waiting = try state.spooled().last, waiting > last?.sequence ?? 0 {
            last = try seal.open(try state.spooled(waiting).header, of: node, waiting).header.head
        }
        let sequence = (last?.sequence ?? 0) + 1
        guard sequence <= EventName.largestSequence else {
            throw LedgerError(.stateUnusable, "the node has used up its numbers", subject: node)
        }
        let salted = SecureRandom.bytes(EventSeal.saltByteCount) + payload
        let header = EventHeader(
            repositoryID: seal.repositoryID, node: node, sequence: sequence, previous: last?.hash, time: now(),
            kind: kind, payloadHash: SHA256.digest(salted), publicKey: key.verifyingKey,
            seen: memory.seen.compactMap { $0.value.head(of: $0.key) })
        try state.spool(
            SpooledEvent(
                sequence: sequence, header: try seal.seal(header, signedBy: key),
                payload: try seal.sealPayload(salted, of: node, sequence)))
        return header
    }

    // MARK: One writer

    private func prepare() async throws -> (key: SigningKey, isNew: Bool) {
        try await lane.run { () throws(LedgerError) in try self.state.key() }
    }

    private func locked<R: Sendable>(_ body: @Sendable () async throws -> R) async throws -> R {
        let file = try await takeLock()
        defer {
            // Closing alone would not do while a child that is just being started still has the file too.
            _ = flock(file, LOCK_UN)
            close(file)
        }
        return try await body()
    }

    private func takeLock() async throws -> Int32 {
        try await lane.run { () throws(LedgerError) in try self.state.prepare() }
        let clock = ContinuousClock()
        let end = clock.now + patience
        while true {
            if let file = try await lane.run({ () throws(LedgerError) in try self.state.lock() }) { return file }
            guard clock.now < end else {
                throw LedgerError(
                    .locked, "another process has been writing events of this node for \(patience)",
                    subject: state.folder, hint: "look for a lifeboat process that hangs, and end it")
            }
            try await clock.sleep(for: Ledger.pause)
        }
    }
}

/// Where an event is.
public struct EventReference: Sendable {
    /// What was signed.
    public let header: EventHeader
    /// Whether the store has it; else it waits in the spool.
    public let isStored: Bool
    /// Why it waits.
    public let delay: (any Error)?

    /// The node.
    public var node: String { header.node }
    /// Its running number.
    public var sequence: UInt64 { header.sequence }
}
