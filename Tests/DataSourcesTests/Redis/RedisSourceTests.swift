import Chunking
import Glibc
import ObjectStore
import Sealing
import TestSupport
import Testing
import Trees

@testable import DataSources

@Suite(
    "Redis as a source", .serialized,
    .enabled(if: StagingServer.Kind.redis.isExpected, "Tests/Support/install-packages databases"))
struct RedisSourceTests {
    private func server(_ settings: [String] = []) async throws -> StagingServer {
        try await StagingServer(.redis, settings: ["repl-diskless-sync-delay 0"] + settings)
    }

    private func settings(_ server: StagingServer, role: RedisRole = .store) -> RedisSettings {
        var settings = RedisSettings()
        settings.server = ServerAddress(socket: server["REDIS_SOCKET"])
        settings.user = "backup"
        let file = server["REDIS_BACKUP_PASSWORD_FILE"]
        settings.password = { SecretBytes(try await shell("cat '\(file)'").utf8) }
        settings.role = role
        return settings
    }

    @discardableResult
    private func cli(_ server: StagingServer, _ arguments: String) async throws -> String {
        try await shell("redis-cli -s '\(server["REDIS_SOCKET"])' \(arguments)")
    }

    private func fill(_ server: StagingServer) async throws {
        try await cli(
            server,
            #"eval 'for i=1,20000 do redis.call("set", "k:"..i, string.rep(i, 40)) end redis.call("select", 3) redis.call("rpush", "jobs", "a", "b")' 0"#
        )
    }

    @Test("a server that is written to comes back whole in a private one", arguments: ["yes", "no"], [true, false])
    func roundTrip(diskless: String, overTCP: Bool) async throws {
        let server = try await server(["repl-diskless-sync \(diskless)"])
        try await fill(server)
        let yard = try await Yard()
        var settings = settings(server, role: .queue)
        if overTCP { settings.server = ServerAddress(port: Int(server["REDIS_PORT"])) }
        async let writer = cli(server, "-r 3000 incr beats")
        let source = RedisSource(name: "jobs", settings: settings, environment: yard.environment)
        let (reading, out) = try await yard.roundTrip(source, to: "out")
        _ = try await writer
        #expect(reading.position?.replicationID?.utf8.count == 40 && reading.serverVersion?.hasPrefix("7.0.") == true)
        #expect(reading.warnings.isEmpty && reading.consistentFrom.prefix(19) <= reading.consistentTo.prefix(19))
        #expect(try await shell("grep -c ^redis-check-rdb '\(out)/jobs/RESTORE.md'") == "1\n")
        let restorer = RedisRestorer(settings: settings, environment: yard.environment)
        let checks = try await restorer.checkFiles(out + "/jobs")
        #expect(checks.allSatisfy(\.isSound) && checks.count == 1, "\(checks)")
        try await shell("chmod 755 '\(yard.folder.path)'")
        try await restorer.build(files: out + "/jobs", data: yard.folder("data"), run: yard.folder("run"))
        let scratch = try await restorer.start(data: yard.folder("data"), run: yard.folder("run"))
        #expect(try await scratch.query("get k:7777", database: nil) == [[String(repeating: "7777", count: 40)]])
        #expect(try await scratch.query("lrange jobs 0 -1", database: "3") == [["a"], ["b"]])
        let expected = [("0", 20_000), ("3", 1), ("7", 0)].map {
            TablePin(database: $0.0, table: "keys", rowCount: $0.1, hash: "", method: "rows")
        }
        var pins = try await scratch.pins(like: expected)
        pins[0].rowCount -= try await scratch.query("exists beats", database: nil) == [["1"]] ? 1 : 0
        #expect(pins == expected)
        #expect(try await scratch.check().allSatisfy(\.isSound))
        let paused = await #expect(throws: SourceError.self) { try await scratch.query("lpop jobs", database: "3") }
        #expect(paused?.message.contains("NOREPLICAS") == true, "a queue is paused")
        #expect(try await shell(scratch.howToConnect[0] + " ping") == "PONG\n")
        // What is changed here on purpose is on disk after the end.
        _ = try await scratch.query("config set min-replicas-to-write 0", database: nil)
        _ = try await scratch.query("set mark 'two words'", database: nil)
        try await scratch.stop()
        #expect(Glibc.kill(scratch.processID, 0) != 0)
        let again = try await restorer.start(data: yard.folder("data"), run: yard.folder("run"))
        #expect(try await again.query("get mark", database: nil) == [["two words"]])
        try await again.stop()
    }

    @Test("a server that is killed within its dump is a failed source")
    func killed() async throws {
        let server = try await server()
        try await cli(server, #"eval 'for i=1,300 do redis.call("set", "k:"..i, string.rep(i, 30000)) end' 0"#)
        let yard = try await Yard()
        let source = RedisSource(name: "jobs", settings: settings(server), environment: yard.environment)
        let process = try #require(Int32(server["REDIS_PID"]))
        let error = await #expect(throws: SourceError.self) {
            _ = try await source.read { content in
                guard case .stream(let stream) = content else { return }
                try await BlockingLane(name: "archiver", threadCount: 1).run {
                    try stream.stream(into: KillingSink { kill(process, SIGKILL) })
                }
            }
        }
        #expect(error?.code == .toolFailed || error?.code == .serverUnreachable)
        let gone = await source.examine()
        #expect(gone.count == 1 && gone[0].severity == .problem)
    }

    @Test("a wrong password, and each permission that is missing, is named with what mends it")
    func permissions() async throws {
        let server = try await server()
        try await fill(server)
        let yard = try await Yard()
        let source = RedisSource(name: "jobs", settings: settings(server), environment: yard.environment)
        let findings = await source.examine()
        #expect(findings.allSatisfy { $0.severity != .problem }, "\(findings)")
        for command in ["psync", "replconf", "info", "ping"] {
            try await cli(server, "acl setuser backup -\(command)")
            let problems = await source.examine().filter { $0.severity == .problem }
            #expect(problems.map(\.remedy) == ["ACL SETUSER backup +\(command)"], "\(command)")
            if command != "ping" {
                let error = await #expect(throws: SourceError.self) { _ = try await yard.roundTrip(source, to: "no") }
                #expect(error?.code == .accessDenied && error?.hint == "run `ACL SETUSER backup +\(command)`")
            }
            try await cli(server, "acl setuser backup +\(command)")
        }
        #expect(try await cli(server, "info stats | grep -c '^sync_full:0'") == "1\n", "nothing was started by looking")
        // The account of the hint is enough.
        let statement = RedisFailure.accountStatement("least").replacing("PASSWORD", with: "pw")
        try await cli(server, statement.split(separator: " ").map { "'\($0)'" }.joined(separator: " "))
        var least = settings(server)
        (least.user, least.password) = ("least", { SecretBytes("pw".utf8) })
        _ = try await yard.roundTrip(
            RedisSource(name: "jobs", settings: least, environment: yard.environment), to: "least")
        least.password = { SecretBytes("wrong".utf8) }
        let wrong = RedisSource(name: "jobs", settings: least, environment: yard.environment)
        let error = await #expect(throws: SourceError.self) { _ = try await yard.roundTrip(wrong, to: "wrong") }
        #expect(error?.code == .accessDenied && error?.message.contains("wrong") == false)
    }

    @Test("doctor says what a queue or a store risks, and a cache is not read")
    func advice() async throws {
        let server = try await server(["maxmemory 100mb", "maxmemory-policy allkeys-lru", "repl-diskless-sync no"])
        let yard = try await Yard()
        try await cli(server, "acl setuser backup '+config|get'")
        let source = RedisSource(name: "jobs", settings: settings(server, role: .queue), environment: yard.environment)
        let remedies = await source.examine().filter { $0.severity == .warning }.map(\.remedy)
        for word in ["noeviction", "appendonly yes", "repl-diskless-sync yes"] {
            #expect(remedies.contains { $0.contains(word) }, "\(word): \(remedies)")
        }
        let cache = RedisSource(name: "c", settings: settings(server, role: .cache), environment: yard.environment)
        let error = await #expect(throws: SourceError.self) { _ = try await yard.roundTrip(cache, to: "cache") }
        #expect(error?.code == .invalidSetting)
    }

    @Test("a damaged dump is found before a server is started")
    func damaged() async throws {
        let yard = try await Yard()
        try await shell("mkdir '\(yard.folder("f"))'; printf REDIS0010garbage > '\(yard.folder("f"))/dump.rdb'")
        let restorer = RedisRestorer(settings: RedisSettings(), environment: yard.environment)
        let checks = try await restorer.checkFiles(yard.folder("f"))
        #expect(checks.map(\.isSound) == [false] && checks.first?.message.isEmpty == false)
    }
}

/// Takes files and calls back at the first bytes of one.
private final class KillingSink: StreamSink, StreamFile {
    private var action: (() -> Void)?

    init(_ action: @escaping () -> Void) { self.action = action }

    func file(_ path: [[UInt8]], _ metadata: Metadata, chunking: ChunkingPolicy) -> any StreamFile { self }
    func directory(_ path: [[UInt8]], _ metadata: Metadata) {}
    func symlink(_ path: [[UInt8]], _ metadata: Metadata, target: [UInt8]) {}
    func write(_ bytes: UnsafeRawBufferPointer) { action.take()?() }
    func finish() {}
}
