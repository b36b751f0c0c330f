import DataSources
import Glibc
import ObjectStore
import Repository
import Sealing
import Synchronization
import TestSupport
import Testing
import Trees

/// A real MariaDB, a repository, and folders to restore into.
final class MariaDBStage: Sendable {
    let server: StagingServer
    let folder: ScratchFolder
    let repository: OpenRepository
    private let lastNumber = Mutex(0)

    init(settings: [String] = []) async throws {
        server = try await StagingServer(.mariadb, settings: settings)
        folder = try ScratchFolder("mdb")
        // Servers run as another account and must come through.
        chmod(folder.path, 0o711)
        for name in ["tmp", "repository"] { guard mkdir(folder(name), 0o700) == 0 else { throw SystemError("mkdir") } }
        repository = try await Repository.create(
            in: DirectoryStore(root: folder("repository")), password: SecretBytes("test".utf8),
            parameters: ScryptParameters(n: 1024, r: 8, p: 1),
            owner: KeyOwner(username: "tester", hostname: "stage", created: "2026-01-01T00:00:00Z"))
    }

    @Sendable static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: UInt32(time.tv_nsec))
    }

    var environment: SourceEnvironment {
        var variables = ["LANG": "C.UTF-8"]
        variables["PATH"] = getenv("PATH").map { String(cString: $0) } ?? "/usr/sbin:/usr/bin:/sbin:/bin"
        return SourceEnvironment(variables: variables, temporaryFolder: folder("tmp"), now: MariaDBStage.now)
    }

    /// Runs statements as the administrator.
    @discardableResult
    func admin(_ sql: String, database: String = "") async throws -> String {
        try await Tool.run(
            "mariadb",
            [
                "--no-defaults", "--default-character-set=utf8mb4", "-S", server["MARIADB_SOCKET"], "-u", "root", "-N",
                "-D", database, "-e", sql,
            ])
    }

    /// A source with the account that the staging script made, or another one without password.
    func source(
        _ method: DatabaseMethod, user: String = "backup", environment: SourceEnvironment? = nil,
        change: (inout MariaDBSettings) -> Void = { _ in }
    ) -> MariaDBSource {
        var settings = MariaDBSettings()
        settings.server = ServerAddress(socket: server["MARIADB_SOCKET"])
        settings.user = user
        settings.method = method
        settings.dataFolder = server["MARIADB_DATA"]
        if user == "backup" {
            let file = server["MARIADB_DIR"] + "/backup.secret"
            settings.password = { SecretBytes(try MariaDBStage.text(file).filter { $0 != "\n" }.utf8) }
        }
        change(&settings)
        return MariaDBSource(name: "main", settings: settings, environment: environment ?? self.environment)
    }

    static func text(_ file: String) throws -> String {
        let handle = open(file, O_RDONLY)
        guard handle >= 0 else { throw SystemError("open \(file)") }
        defer { close(handle) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = Glibc.read(handle, &bytes, bytes.count)
        return String(decoding: bytes[..<max(0, count)], as: UTF8.self)
    }

    var restorer: MariaDBRestorer { MariaDBRestorer(settings: MariaDBSettings(), environment: environment) }

    /// Backs a source up as a snapshot.
    func backup(
        _ source: MariaDBSource, through wrap: @escaping @Sendable (any StreamSource) -> any StreamSource = { $0 }
    ) async throws -> (snapshot: Snapshot, id: SnapshotID, reading: SourceReading) {
        let result = Mutex<BackupResult?>(nil)
        let repository = repository
        let reading = try await source.read { content in
            guard case .stream(let stream) = content else { return }
            var settings = BackupSettings(paths: ["/main"], hostname: "stage", now: MariaDBStage.now)
            settings.username = "tester"
            var locks = LockSettings(
                owner: LockOwner(hostname: "stage", username: "tester", pid: getpid(), uid: 0, gid: 0),
                now: MariaDBStage.now)
            locks.settle = .milliseconds(1)
            let made = try await repository.backup(wrap(stream), settings, locks: locks)
            result.withLock { $0 = made }
        }
        let made = try #require(result.withLock { $0 })
        return (made.snapshot, try #require(made.id), reading)
    }

    /// A new folder that others may pass through.
    func newFolder(_ purpose: String) throws -> String {
        let number = lastNumber.withLock { number in
            number += 1
            return number
        }
        let path = folder("\(purpose)\(number)")
        guard mkdir(path, 0o711) == 0 else { throw SystemError("mkdir \(path)") }
        return path
    }

    /// Restores the snapshot's files; gives the folder that holds RESTORE.md.
    func files(of snapshot: Snapshot) async throws -> String {
        let path = try newFolder("f")
        let indexed = try await repository.indexed()
        let sink = try LocalTreeSink(root: Array(path.utf8))
        _ = try await indexed.restore(tree: try #require(snapshot.treeID), to: sink, RestoreSettings())
        return path + "/main"
    }

    /// Restores a snapshot and starts a private server on it.
    func scratch(_ snapshot: Snapshot) async throws -> any ScratchServer {
        let files = try await files(of: snapshot)
        let (run, data) = (try newFolder("r"), files + "-data")
        try await restorer.build(files: files, data: data, run: run)
        return try await restorer.start(data: data, run: run)
    }

    /// Calls `body` with a scratch server on the snapshot, and stops it.
    func withScratch<R>(_ snapshot: Snapshot, _ body: (any ScratchServer) async throws -> R) async throws -> R {
        let server = try await scratch(snapshot)
        let result: Result<R, any Error>
        do { result = .success(try await body(server)) } catch { result = .failure(error) }
        try await server.stop()
        return try result.get()
    }
}

/// One line with all that an error says.
func words(_ error: any Error) -> String {
    guard let error = error as? SourceError else { return "\(error)" }
    return "\(error.code): \(error.message) [\(error.subject)] \(error.hint)"
}
