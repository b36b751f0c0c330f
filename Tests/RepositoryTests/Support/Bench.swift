import Foundation
import ObjectStore
import Sealing
import TestSupport
import Trees

@testable import Repository

/// A repository in a folder of its own, with the helpers that tests of its upkeep share.
struct Bench: Sendable {
    static let password = "bench"
    let folder: TemporaryFolder
    let store: any ObjectStore
    let repository: OpenRepository

    /// Makes an empty repository.
    static func make() async throws -> Bench {
        let folder = try TemporaryFolder("repository")
        let store = DirectoryStore(root: folder.path)
        let repository = try await Repository.create(
            in: store, password: secret(password), parameters: ScryptParameters(n: 1024, r: 8, p: 1),
            owner: KeyOwner(username: "test", hostname: "test", created: "2026-01-01T00:00:00Z"))
        return Bench(folder: folder, store: store, repository: repository)
    }

    /// A copy of a repository that the tests bring along.
    static func copy(ofVector name: String, password: String = "lifeboat-sample") async throws -> Bench {
        let folder = try TemporaryFolder("repository")
        try FileManager.default.removeItem(atPath: folder.path)
        try FileManager.default.copyItem(atPath: vector(name), toPath: folder.path)
        let store = DirectoryStore(root: folder.path)
        let repository = try await Repository(store: store).open(password: secret(password))
        return Bench(folder: folder, store: store, repository: repository)
    }

    static func vector(_ name: String) -> String {
        "/" + #filePath.split(separator: "/").dropLast(2).joined(separator: "/") + "/Vectors/" + name
    }

    static func secret(_ text: String) -> SecretBytes { SecretBytes(Array(text.utf8)) }

    /// The same folder seen through another store.
    func through(_ store: any ObjectStore) -> Bench {
        Bench(folder: folder, store: store, repository: repository.through(store))
    }

    static func locks(_ now: Int64 = 1_790_000_000, pid: Int32 = 1) -> LockSettings {
        let owner = LockOwner(hostname: "bench", username: "test", pid: pid, uid: 0, gid: 0)
        var settings = LockSettings(owner: owner, now: { Timestamp(seconds: now) })
        settings.settle = .zero
        return settings
    }

    /// Backs up a tree; small packs, so that few files fill several.
    @discardableResult
    func backup(
        _ tree: MemoryTree, at seconds: Int64 = 1_780_000_000, host: String = "bench", paths: [String] = ["/data"],
        tags: [String] = [], packByteCount: Int = 1 << 14
    ) async throws -> SnapshotEntry {
        var settings = BackupSettings(paths: paths, hostname: host, now: { Timestamp(seconds: seconds) })
        settings.tags = tags
        settings.archive.writer.packByteCount = packByteCount
        let result = try await repository.backup(MemorySource(tree: tree), settings, locks: Bench.locks())
        guard let id = result.id else { fatalError("a backup without dry run has a snapshot") }
        return try await repository.snapshot(id)
    }

    /// Everything a snapshot holds, read back.
    func read(_ snapshot: SnapshotEntry) async throws -> [String: [UInt8]] {
        try await Bench.read(try await repository.indexed(), snapshot.tree)
    }

    static func read(_ indexed: IndexedRepository, _ tree: BlobID, _ path: String = "") async throws -> [String:
        [UInt8]]
    {
        var files = [String: [UInt8]]()
        for decoded in try await indexed.tree(tree) {
            let below = path + "/" + String(decoding: decoded.node.name, as: UTF8.self)
            if let subtree = decoded.node.subtree {
                files.merge(try await read(indexed, subtree, below)) { one, _ in one }
            } else if decoded.node.metadata.kind == .file {
                var bytes = [UInt8]()
                for id in decoded.node.content { bytes += try await indexed.blob(id, .data) }
                files[below] = bytes
            }
        }
        return files
    }

    /// Our check with all data; gives what it found.
    func findings(_ scope: ReadDataScope = .all) async throws -> [CheckFinding] {
        let found = Collected<CheckFinding>()
        var settings = CheckSettings()
        settings.readData = scope
        settings.report = { found.add($0) }
        let report = try await repository.check(settings)
        let all = found.all
        precondition(report.errorCount == all.filter { $0.severity == .error }.count, "the report counts its findings")
        return all
    }

    /// Errors that our check finds with all data read.
    func errors() async throws -> [String] {
        try await findings().filter { $0.severity == .error }.map { "\($0.code): \($0.message) (\($0.subject))" }
    }

    /// Runs a real restic on this repository.
    @discardableResult
    func restic(_ arguments: String...) async throws -> String { try await restic(arguments) }

    /// Runs a real restic on this repository.
    @discardableResult
    func restic(_ arguments: [String]) async throws -> String {
        try await Tool.run(
            "restic", ["--no-cache", "-r", folder.path] + arguments,
            variables: ["RESTIC_PASSWORD": Bench.password, "XDG_CACHE_HOME": folder.path + "-cache"])
    }

    /// Names of all objects below a folder of the repository.
    func names(_ prefix: String) async throws -> [String] { try await store.list(prefix: prefix).map(\.name) }

    /// Replaces the bytes of an object, past its write protection.
    func overwrite(_ name: String, _ change: (inout [UInt8]) -> Void) async throws {
        var bytes = try await store.get(name)
        change(&bytes)
        try await store.put(name, bytes)
    }
}

/// What closures that run on any thread hand in.
final class Collected<Element: Sendable>: @unchecked Sendable {  // `lock` is held whenever `elements` is touched
    private let lock = NSLock()
    private var elements: [Element] = []

    func add(_ element: Element) { lock.withLock { elements.append(element) } }

    var all: [Element] { lock.withLock { elements } }
}

/// Trees that a seed decides.
struct RandomTrees {
    var random: SeededGenerator

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// Files of some hundred to some thousand bytes, half of them compressible.
    mutating func file() -> MemoryTree {
        let count = Int.random(in: 0...4000, using: &random)
        if Bool.random(using: &random) { return .file(random.bytes(count)) }
        return .file([UInt8](repeating: UInt8.random(in: 0...255, using: &random), count: count))
    }

    /// A tree of about `count` files in directories.
    mutating func tree(_ count: Int) -> MemoryTree {
        var tree = MemoryTree.directory(["data": .directory([:])])
        for number in 0..<count { tree.set(path(number), file()) }
        return tree
    }

    mutating func path(_ number: Int) -> String {
        let depth = Int.random(in: 0...3, using: &random)
        return "data" + (0..<depth).map { _ in "/d\(Int.random(in: 0...3, using: &random))" }.joined() + "/f\(number)"
    }

    /// Changes, adds and removes a share of the files.
    mutating func changed(_ tree: MemoryTree, share: Double = 0.3) -> MemoryTree {
        var tree = tree
        let paths = tree.files.keys.sorted()
        for path in paths where Double.random(in: 0..<1, using: &random) < share {
            tree.set(String(path.dropFirst()), Bool.random(using: &random) ? file() : nil)
        }
        for number in 0..<Int(Double(paths.count) * share / 2) { tree.set(self.path(1000 + number), file()) }
        return tree
    }
}
