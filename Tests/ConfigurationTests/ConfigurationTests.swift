import Configuration
import DataSources
import ObjectStore
import Recovery
import Retention
import Sealing
import Settings
import Testing

@Suite("Configuration")
struct ConfigurationTests {
    private func source(_ text: String) throws -> ProtectedSource {
        try #require(try Files.read(Files.text(sources: "f: {\(text)}")).source("f"))
    }

    @Test("keys that are left out have the defaults of the modules that use them")
    func defaults() throws {
        let file = try Files.read(Files.text(sources: "f: {kind: files, paths: [/srv]}"))
        #expect(file.state == "/var/lib/lifeboat" && file.node == "web1" && file.service == "cloud")
        #expect(file.file == "l.yaml" && file.digest == SHA256.digest(Array(file.text.utf8)))
        guard case .files(let files) = try source("kind: files, paths: [/srv]").settings else {
            Issue.record("not files")
            return
        }
        let bare = FileSettings(paths: ["/srv"])
        #expect(files.paths == bare.paths && files.snapshot == bare.snapshot && files.mounts == bare.mounts)
        #expect(
            files.minimumFileCount == bare.minimumFileCount && files.maximumShrinkage == bare.maximumShrinkage
                && files.excludesCaches == bare.excludesCaches && files.staysOnFileSystem == bare.staysOnFileSystem)
        guard case .mariadb(let maria) = try source("kind: mariadb").settings,
            case .postgresql(let postgres) = try source("kind: postgresql").settings,
            case .redis(let redis) = try source("kind: redis").settings
        else {
            Issue.record("not the kinds that were asked for")
            return
        }
        #expect(maria.server == MariaDBSettings().server && maria.dataFolder == MariaDBSettings().dataFolder)
        #expect(maria.user == "lifeboat" && maria.systemUser == "mysql" && maria.method == .physical)
        #expect(maria.password == nil && !maria.usesSmallBlocks && maria.databases.isEmpty)
        #expect(postgres.server == PostgreSQLSettings().server && postgres.maintenanceDatabase == "postgres")
        #expect(redis.server == RedisSettings().server && redis.role == .sessions && redis.user == nil)
    }

    @Test("a journal is on with all its defaults, or off", arguments: [("true", true), ("false", false), ("{}", true)])
    func journal(text: String, isOn: Bool) throws {
        for kind in ["mariadb", "postgresql"] {
            let source = try source("kind: \(kind), journal: \(text)")
            #expect(source.journal == (isOn ? JournalSettings() : nil))
        }
    }

    @Test("every key reaches the setting it is for")
    func values() throws {
        let maria = try source(
            """
            kind: mariadb, method: logical, host: db, port: 3307, user: u, password: {command: pass x}, databases: [a],
            small-blocks: true, data-folder: /d, system-user: s, tool-folder: /t, stop: "x", start: "y",
            objective: {rpo: 1h, rto: 2h}, assertions: [{name: n, sql: S, database: d}],
            pins: {tables: [a.b], budget: 5s, off: true},
            journal: {flush: 2s, segment: 128K, spool-limit: 8M, close-every: 2h, server-id: 77}
            """)
        guard case .mariadb(let settings) = maria.settings else {
            Issue.record("not mariadb")
            return
        }
        #expect(settings.server == ServerAddress(socket: nil, host: "db", port: 3307) && settings.method == .logical)
        #expect(settings.user == "u" && settings.databases == ["a"] && settings.usesSmallBlocks)
        #expect(settings.dataFolder == "/d" && settings.systemUser == "s" && settings.toolFolder == "/t")
        #expect(maria.stop == "x" && maria.start == "y")
        #expect(maria.journal?.flush == .seconds(2) && maria.journal?.segmentByteCount == 128 << 10)
        #expect(maria.journal?.spoolLimit == 8 << 20 && maria.journal?.closeEvery == .seconds(7200))
        #expect(maria.journal?.serverID == 77 && settings.followerID == 77)
        #expect(maria.objective == Objective(rpo: .seconds(3600), rto: .seconds(7200)))
        #expect(maria.assertions == [Assertion(name: "n", sql: "S", database: "d")])
        #expect(!maria.pins.isOn && maria.pins.tables == ["a.b"] && maria.pins.budget == .seconds(5))
        guard
            case .files(let files) = try source(
                """
                kind: files, paths: [/srv], exclude: ["*.tmp"], exclude-caches: true, one-file-system: true, mounts: [/m],
                before: [b], after: [a], snapshot: btrfs, minimum-files: 9, maximum-shrinkage: 0.1
                """
            ).settings
        else {
            Issue.record("not files")
            return
        }
        #expect(
            files.excludes == ["*.tmp"] && files.excludesCaches && files.staysOnFileSystem && files.mounts == ["/m"])
        #expect(files.before == ["b"] && files.after == ["a"] && files.snapshot == .btrfs)
        #expect(files.minimumFileCount == 9 && files.maximumShrinkage == 0.1)
    }

    @Test("a secret is fetched by whoever was handed in, and only when it is asked for")
    func secrets() async throws {
        guard case .redis(let redis) = try source("kind: redis, password: {env: REDIS}").settings else {
            Issue.record("not redis")
            return
        }
        let fetch = try #require(redis.password)
        let secret = try await fetch()
        #expect(secret.constantTimeEquals(SecretBytes(Array("env(\"REDIS\")".utf8))))
    }

    @Test("a server is reached by its socket, or by host and port, whichever is named")
    func addresses() throws {
        func server(_ text: String) throws -> ServerAddress? {
            switch try source(text).settings {
            case .mariadb(let settings): settings.server
            case .redis(let settings): settings.server
            default: nil
            }
        }
        #expect(try server("kind: mariadb, port: 3310") == ServerAddress(host: "127.0.0.1", port: 3310))
        #expect(try server("kind: mariadb, socket: /s")?.socket == "/s")
        #expect(try server("kind: redis, socket: /s")?.socket == "/s")
        #expect(try server("kind: redis, host: r") == ServerAddress(host: "r", port: 6379))
    }

    @Test("a store has what opening it wants")
    func stores() throws {
        let file = try Files.read(
            """
            service: s
            stores:
              b:
                {repository: "s3:https://h/b", password: {env: P}, access-key: {file: /a}, secret-key: {file: /s},
                 region: r, ca-file: /c, host-style: virtual, provider: p, country: FI}
            sources: {f: {kind: files, paths: [/srv]}}
            """)
        let store = try #require(file.store("b"))
        #expect(store.name == "b" && store.repository == "s3:https://h/b" && store.password == .env("P"))
        #expect(store.accessKey == .file("/a") && store.secretKey == .file("/s") && store.provider == "p")
        #expect(store.openerOptions.region == "r" && store.openerOptions.certificateFile == "/c")
        #expect(store.openerOptions.style == .virtualHost && store.country == "FI")
    }

    @Test("points stay for 30 days unless other rules are given")
    func retention() throws {
        func keep(_ text: String) throws -> RetentionPolicy? {
            try Files.read(
                Files.text(sources: "f: {kind: files, paths: [/s]}", plans: "p: {store: disk, sources: [f]\(text)}")
            ).plan("p")?.keep
        }
        var expected = RetentionPolicy()
        expected.within = RetentionSpan(days: 30)
        #expect(try keep("") == expected && keep(", keep: {}") == expected)
        expected.within = .zero
        expected.daily = 7
        expected.yearly = RetentionPolicy.unlimited
        #expect(try keep(", keep: {daily: 7, yearly: unlimited}") == expected)
        expected.within = RetentionSpan(months: 6)
        #expect(try keep(", keep: {daily: 7, yearly: unlimited, within: 6m}") == expected)
    }

    @Test("what is in effect holds references in place of secrets, and reads as the same again")
    func effective() throws {
        let file = try Files.read(LifeboatConfiguration.example)
        let again = try Files.read(file.effective.yamlLines.joined(separator: "\n"))
        #expect(again.effective == file.effective)
        #expect(file.effective["stores"]?["offsite"]?["password"] == ["file": "/etc/lifeboat/offsite.password"])
        #expect(file.effective["sources"]?["db"]?["system-user"] == "mysql")
    }

    @Test("the file is looked for in one order, and one that was named is the only one")
    func search() {
        func paths(_ option: String?, _ variable: String?) -> [String] {
            ConfigurationSearch.candidates(option: option, environment: variable.map { ["LIFEBOAT_CONFIG": $0] } ?? [:])
                .map { $0.path + ($0.isRequired ? "!" : "") }
        }
        #expect(paths("a", "b") == ["a!"] && paths(nil, "b") == ["b!"])
        #expect(
            paths(nil, nil) == ["./lifeboat.yaml", "/etc/lifeboat/lifeboat.yaml"] && paths(nil, "") == paths(nil, nil))
    }
}
