import Glibc
import ObjectStore
import Sealing

/// Brings back a Redis from its dump.
///
/// What a role means here (DESIGN 5): `build` puts the dump in place whatever the role, since scratch servers want to be
/// questioned. In front of a service the caller looks at `startsEmpty` and gives an empty folder instead. *Paused* is what
/// Redis can hold: `min-replicas-to-write 1` without a replica, which refuses every write, `POP` and `XREADGROUP` too, also after
/// a restart where it is in the configuration. (`CLIENT PAUSE` ends by itself and with the process, so it would be a promise
/// nobody keeps.) Private servers of a queue are started so; for a live one `RESTORE.md` says what to put where.
public struct RedisRestorer: SourceRestorer {
    /// The name of the dump in snapshots and data folders.
    static let dumpName = "dump.rdb"

    public let kind = SourceKind.redis
    private let settings: RedisSettings
    private let environment: SourceEnvironment
    /// A private server goes on when this program ends.
    public var keepsRunning = false

    /// Describes the server that was backed up.
    public init(settings: RedisSettings, environment: SourceEnvironment) {
        self.settings = settings
        self.environment = environment
    }

    /// Whether a service shall start without the data after a rewind: caches and sessions.
    public var startsEmpty: Bool { settings.role == .cache || settings.role == .sessions }

    /// Whether a service shall refuse writes until a person allows them: queues.
    public var startsPaused: Bool { settings.role == .queue }

    public func checkFiles(_ files: String) async throws -> [CheckOutcome] {
        let dump = "\(files)/\(RedisRestorer.dumpName)"
        var command = ToolCommand("redis-check-rdb", [dump], variables: environment.variables)
        command.acceptedExitCodes = [1]
        let lines = try await command.text(timeout: .seconds(3600)).split(separator: "\n").map(String.init)
        let isSound = lines.contains { $0.contains("RDB looks OK!") }
        let said = lines.filter { !isSound || $0.contains("keys read") }.suffix(5)
        return [
            CheckOutcome(
                name: "redis-check-rdb", isSound: isSound,
                message: said.map { $0.trimmed }.filter { !$0.isEmpty }.joined(separator: " / "))
        ]
    }

    public func build(files: String, data: String, run: String) async throws {
        let account = SystemAccount.canChange ? SystemAccount(named: settings.systemUser) : nil
        try await BlockingLane(name: "redis", threadCount: 1).run { () throws(SourceError) in
            try PlacedFiles.makeFolder(data, account: account)
            try PlacedFiles.move(
                "\(files)/\(RedisRestorer.dumpName)", to: "\(data)/\(RedisRestorer.dumpName)", account: account)
            try PlacedFiles.sync(data)
        }
    }

    public func start(data: String, run: String) async throws -> any ScratchServer {
        let account = SystemAccount.canChange ? SystemAccount(named: settings.systemUser) : nil
        let scratch = RedisScratchPlan(
            data: data, run: run, port: try LoopbackPort.free(), account: account, isPaused: startsPaused)
        try await BlockingLane(name: "redis", threadCount: 1).run { () throws(SourceError) in
            try PlacedFiles.makeFolder(run, account: account)
            try scratch.writeConfiguration()
        }
        guard let program = environment.program("redis-server") else {
            throw SourceError(
                .toolMissing, "the program is not installed", subject: "redis-server",
                hint: "apt install redis-server, or name its folder in PATH")
        }
        var plan = PrivateServer.Plan(
            program, [scratch.configuration], variables: environment.variables, folder: data, log: scratch.log)
        plan.account = account
        plan.keepsRunning = keepsRunning
        // Loading takes about a second for 100 MB of dump; a large one takes long.
        plan.startTimeout = .seconds(3600)
        let server = try await PrivateServer.start(plan) { await scratch.isReady() }
        return RedisScratch(server: server, plan: scratch)
    }

    public func load(files: String, into target: ServerTarget) async throws {
        throw SourceError(
            .invalidSetting, "a dump of Redis cannot be loaded into a running server", subject: target.host,
            hint: "restore with --to, and follow RESTORE.md on that host; or make it a replica of a scratch server")
    }
}

extension SourceEnvironment {
    /// The path of a program in `PATH` of the children's environment; nil when there is none.
    func program(_ name: String) -> String? {
        if name.contains("/") { return name }
        let folders = (variables["PATH"] ?? "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin").split(separator: ":")
        return folders.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }
}

extension String {
    /// Without spaces at both ends.
    var trimmed: String {
        String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
