import FoundationEssentials
import Glibc
import Sealing

/// What a node keeps on its own disk. Calls block; all but `lock` belong under the lock.
///
///     <folder>/node.key                       seed of the node's key, 32 bytes, 0600
///     <folder>/<repository>/<node>/lock       held by the one process that writes
///     <folder>/<repository>/<node>/head       last stored event, and heads of other nodes, JSON
///     <folder>/<repository>/<node>/spool/     events that are not stored yet, one file each
struct NodeState: Sendable {
    let keyFile: String
    let folder: String
    private let node: String

    init(folder: String, repositoryID: String, node: String) {
        keyFile = "\(folder)/node.key"
        self.folder = "\(folder)/\(repositoryID)/\(node)"
        self.node = node
    }

    private var spool: String { "\(folder)/spool" }
    private var headFile: String { "\(folder)/head" }

    func prepare() throws(LedgerError) { try DurableFile.makeFolder(spool) }

    /// Takes the lock, without waiting; nil when somebody has it. Closing the descriptor, or dying, gives it back.
    func lock() throws(LedgerError) -> Int32? {
        let path = "\(folder)/lock"
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw DurableFile.failure("cannot open", path) }
        if flock(file, LOCK_EX | LOCK_NB) == 0 { return file }
        defer { close(file) }
        if errno == EWOULDBLOCK || errno == EINTR { return nil }
        throw DurableFile.failure("cannot lock", path)
    }

    /// The node's key, and whether it was drawn just now.
    func key() throws(LedgerError) -> (key: SigningKey, isNew: Bool) {
        if let seed = try DurableFile.read(keyFile, limit: 4096) { return (try signingKey(seed), false) }
        let fresh = SigningKey.random()
        let seed = fresh.seed.withBytes { Array($0) }
        if try DurableFile.create(seed, at: keyFile) { return (fresh, true) }
        guard let other = try DurableFile.read(keyFile, limit: 4096) else {
            throw LedgerError(.stateUnusable, "the node's key came and went", subject: keyFile)
        }
        return (try signingKey(other), false)
    }

    private func signingKey(_ seed: [UInt8]) throws(LedgerError) -> SigningKey {
        do {
            return try SigningKey(seed: SecretBytes(seed))
        } catch {
            throw LedgerError(
                .stateUnusable, "the node's key is damaged: \(error.message)", subject: keyFile,
                hint: "restore the file; without it the node needs another name", cause: error)
        }
    }

    /// What is known of the store; nil when nothing is.
    func memory() throws(LedgerError) -> NodeMemory? {
        guard let bytes = try DurableFile.read(headFile, limit: 4 << 20) else { return nil }
        do {
            return try JSONDecoder().decode(NodeMemory.self, from: Data(bytes))
        } catch {
            throw LedgerError(
                .stateUnusable, "the record of the last event is damaged", subject: headFile,
                hint: "remove the file; the last event is then read from the store", cause: error)
        }
    }

    func save(_ memory: NodeMemory) throws(LedgerError) {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        do {
            try DurableFile.write(Array(try encoder.encode(memory)), to: headFile)
        } catch let error as LedgerError {
            throw error
        } catch {
            throw LedgerError(.stateUnusable, "the record of the last event cannot be encoded", subject: headFile)
        }
    }

    // MARK: Spool

    /// Puts an event aside: when this returns it survives a power cut.
    func spool(_ event: SpooledEvent) throws(LedgerError) {
        try DurableFile.write(event.fileBytes, to: spoolFile(event.sequence))
    }

    /// Running numbers of what waits, in order.
    func spooled() throws(LedgerError) -> [UInt64] {
        try DurableFile.names(in: spool).compactMap { UInt64($0) }.sorted()
    }

    func spooled(_ sequence: UInt64) throws(LedgerError) -> SpooledEvent {
        let path = spoolFile(sequence)
        guard let bytes = try DurableFile.read(path, limit: 2 * EventSeal.largestPayload),
            let event = SpooledEvent(sequence: sequence, fileBytes: bytes)
        else { throw LedgerError(.stateUnusable, "a waiting event is damaged", subject: path) }
        return event
    }

    func unspool(_ sequence: UInt64) throws(LedgerError) { try DurableFile.remove(spoolFile(sequence)) }

    private func spoolFile(_ sequence: UInt64) -> String { "\(spool)/\(sequence)" }
}

/// An event as it will be stored; file: length of the header as 4 bytes little-endian, header, payload.
struct SpooledEvent: Sendable {
    let sequence: UInt64
    let header: [UInt8]
    let payload: [UInt8]

    init(sequence: UInt64, header: [UInt8], payload: [UInt8]) {
        self.sequence = sequence
        self.header = header
        self.payload = payload
    }

    init?(sequence: UInt64, fileBytes: [UInt8]) {
        guard fileBytes.count >= 4 else { return nil }
        let count = Int(fileBytes[..<4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) })
        guard fileBytes.count - 4 >= count else { return nil }
        self.init(
            sequence: sequence, header: Array(fileBytes[4..<4 + count]), payload: Array(fileBytes[(4 + count)...]))
    }

    var fileBytes: [UInt8] {
        let count = UInt32(header.count)
        return (0..<4).map { UInt8(truncatingIfNeeded: count >> UInt32(8 * $0)) } + header + payload
    }
}

/// What a node remembers of the store.
struct NodeMemory: Codable, Sendable {
    struct Head: Codable, Sendable {
        let sequence: UInt64
        let hash: String
    }

    /// Its own last stored event; nil before the first.
    var head: Head?
    /// The last ones seen of others.
    var seen: [String: Head] = [:]
}

extension NodeMemory.Head {
    init(_ head: EventHead) { self.init(sequence: head.sequence, hash: head.hash.hex) }

    /// As a head of `node`; nil when the text is no digest.
    func head(of node: String) -> EventHead? {
        Digest(hex: hash).map { EventHead(node: node, sequence: sequence, hash: $0) }
    }
}
