import Glibc
import ObjectStore
import Sealing
import Synchronization
import TestSupport

@testable import Ledger

/// A store in a folder, and nodes that write to it, each with a state folder of its own.
final class Desk: Sendable {
    static let repositoryID = String(repeating: "ab", count: 32)

    let folder: TemporaryFolder
    let store: DirectoryStore
    let key: SealingKey
    private let seconds = Atomic<Int64>(1_795_228_399)

    init() throws {
        folder = try TemporaryFolder("ledger")
        store = DirectoryStore(root: folder.path + "/store")
        key = SealingKey.random()
        guard mkdir(folder.path + "/store", 0o755) == 0 else { throw SystemError("mkdir") }
    }

    func ledger(
        _ node: String = "web1", state: String? = nil, through store: (any ObjectStore)? = nil,
        patience: Duration = .seconds(60)
    ) throws -> Ledger {
        try Ledger(
            store: store ?? self.store, repositoryID: Desk.repositoryID, key: key, node: node,
            folder: statePath(state ?? node),
            now: { EventTime(seconds: self.seconds.add(1, ordering: .relaxed).newValue) }, patience: patience)
    }

    func statePath(_ state: String) -> String { "\(folder.path)/state-\(state)" }

    func objects() async throws -> [String] { try await store.list(prefix: "lifeboat/").map(\.name) }

    /// Replaces an object, as somebody with the store's credentials can.
    func replace(_ name: String, with bytes: [UInt8]) async throws { try await store.put(name, bytes) }
}

/// A payload.
struct Note: Codable, Hashable, Sendable {
    var text: String
    var number = 0
}

/// The kinds of problems with their places: `gap web1/2`.
func places(_ problems: [LedgerProblem]) -> [String] { problems.map { "\($0.kind) \($0.node)/\($0.sequence)" } }
