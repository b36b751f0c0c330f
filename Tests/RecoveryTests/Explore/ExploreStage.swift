import DataSources
import FoundationEssentials
import Glibc
import Journal
import Repository
import Retention
import Sealing
import TestSupport
import Testing

@testable import Recovery

/// A real server that is journaled while the tests write to it, and a base of it.
final class ExploreStage: Sendable {
    let server: StagingServer
    let stage: RecoveryStage
    let context: RecoveryContext
    let source: ProtectedSource
    let files: ProtectedSource
    private let journal: Task<Void, any Error>

    /// Starts it with `schema`, follows its log, and takes a point of it and of the folder `uploads`.
    /// `careless` are statements that no transaction takes.
    init(
        _ kind: SourceKind, schema: String, reconcile query: String? = nil, careless statements: [String] = []
    ) async throws {
        server = try await StagingServer(kind == .postgresql ? .postgres : .mariadb)
        stage = try await RecoveryStage()
        var context = stage.context
        context.factory = .standard
        context.environment.temporaryFolder = "/tmp"
        let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/sbin:/usr/bin:/sbin:/bin"
        context.environment.variables = ["PATH": path, "LANG": "C.UTF-8"]
        let secret = server.folder + "/backup.secret"
        let password: SecretSource = {
            SecretBytes(Array(try Data(contentsOf: URL(filePath: secret))).filter { $0 != 0x0A })
        }
        var source: ProtectedSource
        if kind == .postgresql {
            var settings = PostgreSQLSettings()
            settings.server = ServerAddress(host: "127.0.0.1", port: Int(server["PG_PORT"]))
            (settings.user, settings.password) = ("backup", password)
            source = ProtectedSource(name: "db", settings: .postgresql(settings))
        } else {
            var settings = MariaDBSettings()
            settings.server = ServerAddress(socket: server["MARIADB_SOCKET"])
            (settings.user, settings.password) = ("backup", password)
            settings.dataFolder = server["MARIADB_DATA"]
            source = ProtectedSource(name: "db", settings: .mariadb(settings))
        }
        source.journal = JournalSettings()
        source.pins.isOn = false
        files = stage.files
        if let query {
            source.reconcile = ReconcileSettings(
                query: query, files: "uploads", root: stage.path + "/uploads",
                database: kind == .mariadb ? "app" : nil)
        }
        (self.context, self.source) = (context, source)
        let (journaled, shared) = (source, context)
        try await ExploreStage.sql(server, schema)
        for statement in statements { try await ExploreStage.sql(server, statement) }
        journal = Task { try await JournalRun(journaled, in: shared).run() }
        try await reach()
        let plan = Plan(name: "nightly", store: "main", sources: ["uploads", "db"], keep: RetentionPolicy())
        let point = try await PlanRun(plan, sources: [files, source], in: context).run()
        try #require(point.isWhole, "\(point.parts)")
    }

    /// Ends the journal.
    func end() async {
        journal.cancel()
        _ = await journal.result
    }

    private static func command(_ server: StagingServer, _ arguments: [String]) -> (String, [String]) {
        if server.kind == .mariadb {
            return (
                "mariadb",
                [
                    "--no-defaults", "-S", server["MARIADB_SOCKET"], "-u", "root", "-N", "-B",
                    "--default-character-set=utf8mb4",
                ] + arguments
            )
        }
        return (
            "psql",
            [
                "-qXAt", "-v", "ON_ERROR_STOP=1", "-h", server.folder, "-p", server["PG_PORT"], "-U", "postgres", "-d",
                "postgres",
            ] + arguments
        )
    }

    @discardableResult
    static func sql(_ server: StagingServer, _ text: String) async throws -> String {
        let (tool, arguments) = command(server, [server.kind == .mariadb ? "-e" : "-c", text])
        return try await Tool.run(tool, arguments)
    }

    @discardableResult
    func sql(_ text: String) async throws -> String { try await ExploreStage.sql(server, text) }

    /// Loads a script as an operator would.
    @discardableResult
    func load(_ file: String) async throws -> String {
        let (tool, arguments) = ExploreStage.command(
            server, server.kind == .mariadb ? ["-e", "source \(file)"] : ["-f", file])
        return try await Tool.run(tool, arguments)
    }

    /// Another point, of the folder alone.
    func pointOfFiles() async throws {
        let plan = Plan(name: "files", store: "main", sources: ["uploads"], keep: RetentionPolicy())
        _ = try await PlanRun(plan, sources: [files], in: context).run()
    }

    /// Where the live server stands.
    func position() async throws -> String {
        try await sql(server.kind == .mariadb ? "SELECT @@gtid_binlog_pos" : "SELECT pg_current_wal_lsn()")
            .split(separator: "\n").last.map(String.init) ?? ""
    }

    /// Waits until the journal has everything.
    func reach() async throws {
        let text = try await position()
        let wanted = try #require(EnginePosition(text, kind: source.kind))
        let writer = JournalWriter(
            store: context.repository.store, repositoryID: context.repository.config.id, key: context.repository.key,
            source: source.name, timeline: 1)
        for _ in 0..<300 {
            if let last = try await writer.resume().last, let reached = EnginePosition(last.to, kind: source.kind),
                reached.includes(wanted)
            {
                return
            }
            try await Task.sleep(for: .milliseconds(100))
        }
        Issue.record("the journal did not reach \(text)")
    }

    /// A copy at `target`.
    func explore(_ target: LogTarget) async throws -> Exploration {
        let known = try await AnySecond.read(source, in: context)
        return try await Exploration.start(
            try known.planner.plan(target), known, for: .unmasked(reason: "test"), in: context)
    }

    /// Is nothing left of any copy?
    func expectClean() throws {
        #expect(try Exchange.names(in: stage.path + "/state/scratch").isEmpty)
        #expect(try Exchange.names(in: "/tmp").filter { $0.hasPrefix("lifeboat-") && isOurs($0) }.isEmpty)
    }

    /// Other tests make folders there at the same time; ours name our state folder in the server's arguments or log.
    private func isOurs(_ name: String) -> Bool {
        (try? String(contentsOf: URL(filePath: "/tmp/\(name)/mariadb.log"), encoding: .utf8))?.contains(stage.path)
            ?? false
    }
}
