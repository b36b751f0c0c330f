import Glibc
import ObjectStore
import Sealing
import TestSupport
import Testing
import Trees

@testable import Repository

/// A new repository, a folder to work in, and both tools to use on it.
final class Stage: Sendable {
    static let password = "engine test"
    static let host = "stage"
    static let scrypt = ScryptParameters(n: 1024, r: 8, p: 1)
    static let keyOwner = KeyOwner(username: "tester", hostname: host, created: "2026-01-01T00:00:00Z")

    let folder: ScratchFolder
    let store: any ObjectStore
    let repository: OpenRepository
    let restic: Restic

    /// `wrap` puts something between the engine and its store.
    init(_ place: Place = .directory, wrap: (any ObjectStore) -> any ObjectStore = { $0 }) async throws {
        folder = try ScratchFolder("engine")
        let placed = try await PlacedStore(place, in: folder)
        store = placed.store
        restic = Restic(address: placed.address, password: Stage.password, variables: placed.variables)
        let made = try await Repository.create(
            in: store, password: SecretBytes(Stage.password.utf8), parameters: Stage.scrypt, owner: Stage.keyOwner)
        repository = made.through(wrap(store))
    }

    /// An existing repository in a folder, copied first, so that the test may change it.
    init(copyOf path: String, password: String) async throws {
        folder = try ScratchFolder("engine")
        _ = try await Tool.run("cp", ["-a", path, folder("repository")])
        store = DirectoryStore(root: folder("repository"))
        restic = Restic(address: folder("repository"), password: password, variables: [:])
        repository = try await Repository(store: store).open(password: SecretBytes(password.utf8))
    }

    /// The wall clock.
    @Sendable static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: UInt32(time.tv_nsec))
    }

    /// Locks that settle at once; tests of locks set their own times.
    static var locks: LockSettings {
        var settings = LockSettings(
            owner: LockOwner(hostname: host, username: "tester", pid: getpid(), uid: 0, gid: 0), now: now)
        settings.settle = .milliseconds(1)
        return settings
    }

    /// A folder to back up, made empty.
    @discardableResult
    func makeFolder(_ name: String) throws -> TreeMaker {
        try TreeMaker(folder.path).directory(name)
    }

    func settings(_ path: String) -> BackupSettings {
        var settings = BackupSettings(paths: [path], hostname: Stage.host, now: Stage.now)
        settings.username = "tester"
        settings.programVersion = "lifeboat test"
        return settings
    }

    /// Backs up a folder of this machine.
    @discardableResult
    func backup(_ path: String, change: (inout BackupSettings) -> Void = { _ in }) async throws -> BackupResult {
        let source = try LocalTreeSource(paths: [Array(path.utf8)])
        return try await backup(source, as: path, change: change)
    }

    /// Backs up any source.
    @discardableResult
    func backup(
        _ source: any TreeSource, as path: String, change: (inout BackupSettings) -> Void = { _ in }
    ) async throws -> BackupResult {
        var settings = settings(path)
        change(&settings)
        return try await repository.backup(source, settings, locks: Stage.locks)
    }

    /// The tree of what lies at `path` in a snapshot.
    func tree(_ snapshot: Snapshot, at path: String = "/", in indexed: IndexedRepository) async throws -> BlobID {
        var tree = try #require(snapshot.treeID)
        for name in RawPath.clean(Array(path.utf8)) {
            let node = try await indexed.tree(tree).first { $0.node.name == name }
            tree = try #require(node?.node.subtree, "\(path) is not in the snapshot")
        }
        return tree
    }

    /// All nodes below a path of a snapshot, by their paths.
    func nodes(_ snapshot: Snapshot, at path: String = "/") async throws -> [String: Node] {
        var result = [String: Node]()
        for (path, node) in try await nodeList(snapshot, at: path) {
            result[String(decoding: path, as: UTF8.self)] = node
        }
        return result
    }

    /// All nodes below a path of a snapshot with the raw bytes of their paths.
    func nodeList(_ snapshot: Snapshot, at path: String = "/") async throws -> [(path: [UInt8], node: Node)] {
        let indexed = try await repository.indexed()
        var result = [(path: [UInt8], node: Node)]()
        var waiting = [([UInt8](), try await tree(snapshot, at: path, in: indexed))]
        while let (place, tree) = waiting.popLast() {
            for decoded in try await indexed.tree(tree) {
                let path = place + [0x2F] + decoded.node.name
                result.append((path, decoded.node))
                if let subtree = decoded.node.subtree { waiting.append((path, subtree)) }
            }
        }
        return result
    }

    /// Restores what lies at `path` in a snapshot into a folder, and gives what was reported beside the result.
    @discardableResult
    func restore(
        _ snapshot: Snapshot, at path: String, to target: String, through store: (any ObjectStore)? = nil,
        change: (inout RestoreSettings) -> Void = { _ in }
    ) async throws -> RestoreReport {
        let open = store.map { repository.through($0) } ?? repository
        let indexed = try await open.indexed()
        return try await restore(
            try await tree(snapshot, at: path, in: indexed), of: indexed, to: target, change: change)
    }

    /// Restores a tree into a folder.
    func restore(
        _ tree: BlobID, of indexed: IndexedRepository, to target: String,
        change: (inout RestoreSettings) -> Void = { _ in }
    ) async throws -> RestoreReport {
        var settings = RestoreSettings()
        let said = Said()
        settings.report = { said.add(error: $0) }
        settings.warn = { said.add(warning: $0) }
        change(&settings)
        let sink = try LocalTreeSink(root: Array(target.utf8))
        let result = try await indexed.restore(tree: tree, to: sink, settings)
        return RestoreReport(result: result, errors: said.errors, warnings: said.warnings)
    }

    /// Names of all objects in a folder of the repository.
    func objects(_ prefix: String) async throws -> [String] { try await store.list(prefix: prefix).map(\.name) }

    /// Proves that every snapshot finds all it needs, in packs that are there, and that no lock is left. Gives their number.
    @discardableResult
    func proveSound() async throws -> Int {
        let said = Said()
        var settings = CheckSettings()
        settings.report = { if $0.severity == .error { said.add(finding: $0) } }
        let report = try await repository.through(store).check(settings)
        #expect(report.isClean && said.findings.isEmpty, "\(said.findings)")
        #expect(try await objects(Layout.locks) == [])
        return report.snapshotCount
    }
}

/// What a restore did and said.
struct RestoreReport: Sendable {
    let result: RestoreResult
    let errors: [any Error]
    let warnings: [TreeError]

    var messages: [String] { errors.map(text) + warnings.map(text) }
}

/// One line with all that an error says.
func text(_ error: any Error) -> String {
    switch error {
    case let error as RepositoryError: "\(error.code): \(error.message) [\(error.subject)] \(error.hint)"
    case let error as TreeError: "\(error.code): \(error.message) [\(error.subject)] \(error.hint)"
    case let error as StoreError: "\(error.code): \(error.message) [\(error.subject)] \(error.hint)"
    default: "\(error)"
    }
}
