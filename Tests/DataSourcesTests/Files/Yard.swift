import Glibc
import ObjectStore
import Repository
import Sealing
import TestSupport
import Trees

@testable import DataSources

/// A repository and a folder to work in, for sources of all kinds.
final class Yard: Sendable {
    let folder: ScratchFolder
    let repository: OpenRepository

    init() async throws {
        folder = try ScratchFolder("yard")
        guard mkdir(folder("store"), 0o700) == 0 else { throw SystemError("mkdir") }
        repository = try await Repository.create(
            in: DirectoryStore(root: folder("store")), password: SecretBytes("yard".utf8),
            parameters: ScryptParameters(n: 1024, r: 8, p: 1),
            owner: KeyOwner(username: "tester", hostname: "yard", created: "2026-01-01T00:00:00Z"))
    }

    @Sendable static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: UInt32(time.tv_nsec))
    }

    var environment: SourceEnvironment {
        SourceEnvironment(
            variables: ["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
            temporaryFolder: folder.path, now: Yard.now)
    }

    /// Backs a source up into a snapshot of its own and restores that into a new folder.
    func roundTrip(_ source: any DataSource, to name: String) async throws -> (reading: SourceReading, folder: String) {
        let result = Holder<BackupResult>()
        let reading = try await source.read { content in
            result.value = try await self.backup(content, source.name)
        }
        guard let tree = result.value?.snapshot.treeID else { throw SystemError("no snapshot") }
        let target = folder(name)
        let restored = try await repository.indexed().restore(
            tree: tree, to: LocalTreeSink(root: Array(target.utf8)), RestoreSettings())
        guard restored.failureCount == 0 else { throw SystemError("restore") }
        return (reading, target)
    }

    func backup(_ content: SourceContent, _ name: String) async throws -> BackupResult {
        var locks = LockSettings(
            owner: LockOwner(hostname: "yard", username: "tester", pid: getpid(), uid: 0, gid: 0), now: Yard.now)
        locks.settle = .milliseconds(1)
        var settings = BackupSettings(paths: ["/\(name)"], hostname: "yard", now: Yard.now)
        settings.programVersion = "lifeboat test"
        switch content {
        case .tree(let tree, let paths):
            settings.paths = paths
            return try await repository.backup(tree, settings, locks: locks)
        case .stream(let stream): return try await repository.backup(stream, settings, locks: locks)
        }
    }
}

/// Holds what a closure made; each test writes once and reads afterwards.
final class Holder<T: Sendable>: @unchecked Sendable {
    var value: T?
}

/// Runs a shell command of a test.
@discardableResult
func shell(_ command: String) async throws -> String { try await Tool.run("bash", ["-euc", command]) }
