import DataSources
import FoundationEssentials
import Glibc
import ObjectStore
import Repository
import Retention
import Sealing
import Synchronization
import TestSupport

@testable import Recovery

/// A service of one pretended database and one folder of files, a repository, and a state folder.
final class RecoveryStage: Sendable {
    static let password = "recovery test"

    let folder: TemporaryFolder?
    let path: String
    let context: RecoveryContext
    let events: EventList
    let database: ProtectedSource
    let files: ProtectedSource

    /// A new service in a folder of its own.
    init() async throws {
        let folder = try TemporaryFolder("recovery")
        self.folder = folder
        path = folder.path
        chmod(path, 0o711)  // as a state folder is: servers run as other accounts
        let store = DirectoryStore(root: path + "/repository")
        try await store.makeRoot()
        let repository = try await Repository.create(
            in: store, password: SecretBytes(RecoveryStage.password.utf8),
            parameters: ScryptParameters(n: 1024, r: 8, p: 1),
            owner: KeyOwner(username: "tester", hostname: "stage", created: "2026-01-01T00:00:00Z"))
        for name in ["db", "uploads"] { mkdir(path + "/" + name, 0o755) }
        (context, events) = RecoveryStage.context(path, repository)
        (database, files) = RecoveryStage.sources(path)
        try setRows(["one", "two"])
        try Data("first".utf8).write(to: URL(filePath: path + "/uploads/one"))
    }

    /// An existing one, seen from another process.
    init(at path: String) async throws {
        folder = nil
        self.path = path
        let repository = try await Repository(store: DirectoryStore(root: path + "/repository")).open(
            password: SecretBytes(RecoveryStage.password.utf8))
        (context, events) = RecoveryStage.context(path, repository)
        (database, files) = RecoveryStage.sources(path)
    }

    private static func context(_ path: String, _ repository: OpenRepository) -> (RecoveryContext, EventList) {
        let events = EventList()
        var locks = LockSettings(
            owner: LockOwner(hostname: "stage", username: "tester", pid: getpid(), uid: 0, gid: 0), now: now)
        locks.settle = .milliseconds(1)
        let factory = SourceFactory(
            dataSource: { source, _, _ in
                if case .files(let settings) = source.settings {
                    return PlainFiles(name: source.name, paths: settings.paths)
                }
                return PretendSource(name: source.name, live: path + "/db")
            }, restorer: { _, _ in PretendRestorer() })
        let context = RecoveryContext(
            repository: repository, locks: locks,
            environment: SourceEnvironment(variables: ["PATH": "/usr/bin:/bin"], temporaryFolder: path, now: now),
            factory: factory, recorder: events, stateFolder: path + "/state", service: "test", node: "stage",
            user: .init(name: "tester", uid: 0, gid: 0), programVersion: "lifeboat test",
            configuration: .init(digest: "00", text: "service: test\n"))
        return (context, events)
    }

    private static func sources(_ path: String) -> (ProtectedSource, ProtectedSource) {
        var settings = MariaDBSettings()
        settings.dataFolder = path + "/db"
        var database = ProtectedSource(name: "db", settings: .mariadb(settings))
        database.assertions = [Assertion(name: "row one is there", sql: "has one")]
        return (database, ProtectedSource(name: "uploads", settings: .files(FileSettings(paths: [path + "/uploads"]))))
    }

    /// What the live database holds.
    var rows: [String] { Rows.read(path + "/db/rows") }

    func setRows(_ rows: [String]) throws {
        try Data(rows.map { $0 + "\n" }.joined().utf8).write(to: URL(filePath: path + "/db/rows"))
    }

    /// Makes a point of both sources.
    @discardableResult
    func point(_ name: String = "nightly") async throws -> RecoveryPoint {
        let plan = Plan(name: name, store: "main", sources: ["uploads", "db"], keep: RetentionPolicy())
        return try await PlanRun(plan, sources: [files, database], in: context).run()
    }

    var store: PointStore { PointStore(context.repository) }
}

/// Events that were recorded.
final class EventList: EventRecorder {
    private let list = Mutex<[(kind: String, json: String)]>([])

    var kinds: [String] { list.withLock { $0.map(\.kind) } }
    /// The payload of the last one.
    var last: String { list.withLock { $0.last?.json ?? "" } }

    func record(_ kind: String, _ payload: some Encodable & Sendable) async throws {
        let json = String(decoding: try JSONEncoder().encode(payload), as: UTF8.self)
        list.withLock { $0.append((kind, json)) }
    }
}
