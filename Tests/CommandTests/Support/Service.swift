import Glibc
import Repository
import Sealing
import Synchronization
import TestSupport
import Testing

/// Suites that start servers by the dozen; one after another, since a machine with two cores starts no more at once in time.
@Suite("Plans, points and services", .serialized)
enum ServiceSuites {}

/// A service on this machine: real servers with a little data, a `lifeboat.yaml` that protects it, and a repository.
///
///     let service = try await Service([.mariadb("logical"), .files])
///     await service.run("backup", "nightly")
final class Service: Sendable {
    /// One source of the service, under the name that it has in the configuration.
    enum Part: Sendable {
        /// `db`: method `physical` or `logical`.
        case mariadb(String)
        /// `directory`.
        case postgresql(String)
        /// `sessions`, with its role.
        case redis(String)
        /// `search`.
        case sqlite
        /// `uploads`.
        case files

        static let physical: [Part] = [.mariadb("physical"), .postgresql("physical"), .redis("store"), .sqlite, .files]
        static let logical: [Part] = [.mariadb("logical"), .postgresql("logical"), .redis("store"), .sqlite, .files]
    }

    static let isExpected =
        StagingServer.Kind.mariadb.isExpected && StagingServer.Kind.postgres.isExpected
        && StagingServer.Kind.redis.isExpected
    static let install = "Tests/Support/install-packages databases"

    let place: Workplace
    /// By the name of the source.
    let servers: [String: StagingServer]
    private let configuration: Mutex<Configuration>

    /// What stands in the configuration; each source is its name and the lines below it.
    struct Configuration: Sendable {
        var store: [String]
        var state: String
        var sources: [(name: String, lines: [String])] = []
        /// Lines of the plan `nightly`.
        var plan: [String] = ["keep: {daily: 7}"]
        /// What comes behind all of it.
        var more = ""

        var text: String {
            func block(_ lines: [String], _ indent: Int) -> String {
                lines.map { String(repeating: " ", count: indent) + $0 + "\n" }.joined()
            }
            let sources = self.sources.map { "  \($0.name):\n" + block($0.lines, 4) }.joined()
            let names = self.sources.map(\.name).joined(separator: ", ")
            return "service: cloud\nnode: testhost\nstate: \(state)\nstores:\n  main:\n" + block(store, 4)
                + "sources:\n\(sources)plans:\n  nightly:\n    store: main\n    sources: [\(names)]\n" + block(plan, 4)
                + more
        }
    }

    /// Starts the servers of `parts` and fills them. The repository is in a folder, or on the S3 gateway.
    init(_ parts: [Part], onS3 isOnS3: Bool = false) async throws {
        place = isOnS3 ? try Workplace() : try await Workplace.withRepository()
        // Servers run as other accounts and must be able to pass.
        chmod(place.folder.path, 0o711)
        for name in ["LIFEBOAT_REPOSITORY", "LIFEBOAT_PASSWORD_FILE"] { place.set(name, nil) }
        place.set("LIFEBOAT_CONFIG", place.path("lifeboat.yaml"))
        var first = Configuration(store: [], state: place.path("state"))
        first.store = isOnS3 ? try await Service.gateway(place) : ["repository: \(place.repository)"]
        first.store.append("password: {file: \(place.passwordFile)}")
        var servers = [String: StagingServer]()
        for part in parts {
            let (name, lines, server) = try await Service.start(part, place)
            servers[name] = server
            first.sources.append((name, lines))
        }
        self.servers = servers
        configuration = Mutex(first)
        try write()
        if isOnS3 { #expect(await run("init").status == 0) }
    }

    private static func gateway(_ place: Workplace) async throws -> [String] {
        let server = try await S3Server.shared()
        try place.write(server.accessKeyID, to: "access-key", mode: 0o600)
        try place.write(server.secret, to: "secret-key", mode: 0o600)
        return [
            "repository: \(server.address(prefix: S3Server.freshPrefix()))",
            "access-key: {file: \(place.path("access-key"))}", "secret-key: {file: \(place.path("secret-key"))}",
        ]
    }

    private static func start(
        _ part: Part, _ place: Workplace
    ) async throws -> (name: String, lines: [String], server: StagingServer?) {
        switch part {
        case .mariadb(let method):
            let server = try await StagingServer(.mariadb)
            let lines = [
                "kind: mariadb", "method: \(method)", "socket: \(server["MARIADB_SOCKET"])", "user: backup",
                "password: {file: \(server.folder)/backup.secret}", "data-folder: \(server["MARIADB_DATA"])",
            ]
            try await ServiceData.fillMariaDB(server)
            return ("db", lines + service(server), server)
        case .postgresql(let method):
            let server = try await StagingServer(.postgres)
            let lines = [
                "kind: postgresql", "method: \(method)", "host: 127.0.0.1", "port: \(server["PG_PORT"])",
                "user: backup", "password: {file: \(server.folder)/backup.secret}", "data-folder: \(server["PG_DATA"])",
            ]
            try await ServiceData.fillPostgreSQL(server)
            return ("directory", lines + service(server), server)
        case .redis(let role):
            let server = try await StagingServer(.redis, settings: ["repl-diskless-sync-delay 0"])
            let lines = [
                "kind: redis", "role: \(role)", "host: 127.0.0.1", "port: \(server["REDIS_PORT"])", "user: backup",
                "password: {file: \(server.folder)/backup.secret}", "dump-file: \(server.folder)/data/dump.rdb",
            ]
            try await ServiceData.fillRedis(server)
            return ("sessions", lines + service(server), server)
        case .sqlite:
            try await ServiceData.fillSQLite(place.path("search.db"))
            return ("search", ["kind: sqlite", "file: \(place.path("search.db"))"], nil)
        case .files:
            for number in 1...5 { try place.write("upload \(number)", to: "uploads/\(number).txt") }
            return ("uploads", ["kind: files", "paths: [\(place.path("uploads"))]"], nil)
        }
    }

    /// How the staging scripts stop and start it.
    private static func service(_ server: StagingServer) -> [String] {
        let scripts = Tool.supportFile("staging")
        return [
            "stop: bash \(scripts)/stop \(server.folder) \(server.kind.rawValue)",
            "start: bash \(scripts)/start-\(server.kind.rawValue) \(server.folder)",
        ]
    }

    /// Changes the configuration and writes it.
    func configure(_ change: (inout Configuration) -> Void) throws {
        configuration.withLock { change(&$0) }
        try write()
    }

    /// Replaces the line of a source that begins with `key`, or adds one; nil removes it.
    func set(_ source: String, _ key: String, _ value: String?) throws {
        try configure { configuration in
            guard let index = configuration.sources.firstIndex(where: { $0.name == source }) else { return }
            configuration.sources[index].lines.removeAll { $0.hasPrefix(key + ":") }
            if let value { configuration.sources[index].lines.append("\(key): \(value)") }
        }
    }

    private func write() throws {
        try place.write(configuration.withLock { $0.text }, to: "lifeboat.yaml", mode: 0o600)
    }

    /// A server by the name of its source.
    func server(_ name: String) throws -> StagingServer { try #require(servers[name]) }

    /// Runs a command within this process.
    @discardableResult
    func run(_ arguments: String...) async -> Outcome { await place.run(arguments) }

    /// Runs a command, which must end with 0; gives what it printed.
    @discardableResult
    func done(_ arguments: String...) async throws -> String {
        let outcome = await place.run(arguments)
        guard outcome.status == 0 else {
            throw Tool.Failure(description: "\(arguments): \(outcome.status)\n\(outcome.output)\(outcome.messages)")
        }
        return outcome.output
    }

    /// Runs restic on the repository, wherever it is.
    @discardableResult
    func restic(_ arguments: String...) async throws -> String {
        try await Tool.run(
            "restic", ["--cache-dir", place.path("restic-cache")] + arguments, variables: try await resticVariables())
    }

    /// What restic and the blocks of `RESTORE.md` want to know of the repository.
    func resticVariables() async throws -> [String: String] {
        let line = configuration.withLock { $0.store.first ?? "" }
        var variables = [
            "RESTIC_REPOSITORY": String(line.dropFirst("repository: ".count)),
            "RESTIC_PASSWORD_FILE": place.passwordFile, "RESTIC_CACHE_DIR": place.path("restic-cache"),
        ]
        if line.contains("s3:") { variables.merge(try await S3Server.shared().variables) { $1 } }
        return variables
    }
}
