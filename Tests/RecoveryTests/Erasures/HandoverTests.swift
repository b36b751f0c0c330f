import DataSources
import FoundationEssentials
import Glibc
import ObjectStore
import Repository
import TestSupport
import Testing
import Trees

@testable import Recovery

/// People with rows, files and addresses in a real server, and the ledger of a real repository.
private struct Town {
    let stage: RecoveryStage
    let server: LiveServer
    let source: ProtectedSource
    let database: String

    /// `users` are keys; those with quotes and spaces in them too.
    init(_ kind: SourceKind) async throws {
        stage = try await RecoveryStage()
        server = try await LiveServer(kind)
        var source = stage.database
        source.name = "db"
        source.settings = kind == .postgresql ? .postgresql(PostgreSQLSettings()) : .mariadb(MariaDBSettings())
        self.source = source
        database = "town"
        _ = try await server.query("CREATE DATABASE town", database: nil)
        let text = kind == .postgresql ? "text" : "varchar(100)"
        for statement in [
            "CREATE TABLE users (id \(text) PRIMARY KEY, email \(text), name \(text), phone \(text), born date)",
            "CREATE TABLE posts (id int PRIMARY KEY, author \(text), body text)",
            "CREATE TABLE beats (id int PRIMARY KEY, note \(text))",
            "INSERT INTO users VALUES ('ann', 'ann@example.org', 'Ann Archer', '+49 30 1234567', '1980-01-01'), "
                + "('o''brien', 'ob@example.org', 'Oona O''Brien', '0664 7654321', NULL), "
                + "('eve', 'eve@example.org', NULL, NULL, '1999-09-09')",
            "INSERT INTO posts VALUES (1, 'ann', 'hello'), (2, 'o''brien', 'writes too'), (3, 'eve', 'x')",
            "INSERT INTO beats VALUES (1, 'ann@example.org')",
        ] { _ = try await server.query(statement, database: database) }
    }

    var rule: ErasureRule {
        var rule = ErasureRule(
            kind: "user", source: "db", database: database, enumerate: "SELECT id FROM users",
            erase: ["DELETE FROM posts WHERE author = :key", "DELETE FROM users WHERE id = :key"],
            verify: "SELECT COUNT(*) FROM users WHERE id = :key")
        rule.filesSource = "uploads"
        rule.filePatterns = ["/srv/uploads/:key"]
        return rule
    }

    var ledger: ErasureLedger { ErasureLedger(stage.context.repository) }

    func add(_ key: String, confirmedAt position: String? = nil) async throws {
        let subject = ledger.subject(kind: "user", key: key)
        let added = try await ledger.append {
            ErasureEntry(number: $0, moment: .add, kind: "user", subject: subject, time: "2026-11-20T10:00:00Z")
        }
        guard let position else { return }
        _ = try await ledger.append {
            ErasureEntry(
                number: $0, moment: .confirm, kind: "user", subject: subject, time: "2026-11-20T10:01:00Z",
                position: position, confirms: added.number)
        }
    }

    func restored(_ position: String?) -> RestoredMoment {
        RestoredMoment(kind: source.kind, position: position, time: Timestamp(seconds: 1_795_143_600))
    }

    func handOver(
        _ rules: HandoverRules, at position: String?, for recipient: Handover.Recipient = .production,
        tree: RestoredTree? = nil
    ) async throws -> Handover.Record {
        let handover = Handover(rules, in: stage.context)
        let database = TreeDatabase(source: "db", restored: restored(position))
        return try await handover.run(
            on: server, source: source, restored: restored(position), for: recipient,
            trees: {
                try await tree.asyncMap { try await handover.eraseFiles(of: $0, beside: [database]).fileCount } ?? 0
            })
    }

    func users() async throws -> [String] {
        try await server.query("SELECT id FROM users ORDER BY id", database: database).compactMap { $0[0] }
    }
}

@Suite(
    "What stands between a restored database and whoever wants to use it",
    .enabled(
        if: StagingServer.Kind.mariadb.isExpected && StagingServer.Kind.postgres.isExpected,
        "Tests/Support/install-packages databases"))
struct HandoverTests {
    private static func positions(_ kind: SourceKind) -> (before: String, after: String) {
        kind == .postgresql ? ("0/100", "0/200") : ("0-1-100", "0-1-200")
    }

    @Test(
        "who was erased after the restored position is erased again with posts and files; others stay, as do earlier ones"
    )
    func erased() async throws {
        for kind in [SourceKind.mariadb, .postgresql] {
            let town = try await Town(kind)
            let (before, after) = Self.positions(kind)
            try await town.add("o'brien", confirmedAt: after)
            try await town.add("eve", confirmedAt: before)  // registered again since
            try await town.add("nobody")
            let root = town.stage.path + "/files"
            let uploads = root + "/srv/uploads"
            try FileManager.default.createDirectory(
                atPath: uploads + "/o'brien/deep", withIntermediateDirectories: true)
            try FileManager.default.createDirectory(atPath: uploads + "/ann", withIntermediateDirectories: true)
            for file in ["o'brien/a", "o'brien/deep/b", "ann/c"] {
                try Data("x".utf8).write(to: URL(filePath: uploads + "/" + file))
            }
            let record = try await town.handOver(
                HandoverRules(erasures: [town.rule]), at: before,
                tree: RestoredTree(source: "uploads", root: root, readFrom: Timestamp(seconds: 1_900_000_000)))
            #expect(record.dueCount == 2 && record.erasedCount == 1 && record.erasedFileCount == 2, "\(record)")
            #expect(record.erasureCount == 5)
            #expect(try await town.users() == ["ann", "eve"])
            #expect(
                try await town.server.query("SELECT id FROM posts ORDER BY id", database: "town") == [["1"], ["3"]])
            #expect(access(uploads + "/o'brien", F_OK) != 0 && access(uploads + "/ann/c", F_OK) == 0)
        }
    }

    @Test("an entry that was removed, from the middle or from the end, stops the hand-over")
    func removed() async throws {
        let town = try await Town(.mariadb)
        let rules = HandoverRules(erasures: [town.rule])
        try await town.add("ann")
        try await town.add("eve")
        _ = try await town.stage.point()
        let names = try await town.stage.context.repository.store.list(prefix: "lifeboat/erasures/").map(\.name)
        #expect(names.count == 2)
        for name in names.reversed() {
            let stored = try await town.stage.context.repository.store.get(name)
            try await town.stage.context.repository.store.delete(name)
            let error = await #expect(throws: RecoveryError.self) { try await town.handOver(rules, at: nil) }
            #expect(error?.code == .erasuresIncomplete && error?.subject == name, "\(String(describing: error))")
            try await town.stage.context.repository.store.put(name, stored)
        }
        #expect(try await town.users().count == 3, "nothing was touched")
        #expect(try await town.handOver(rules, at: nil).erasedCount == 2)
    }

    @Test("a kind that nothing erases, a statement that fails, and somebody who is still there stop the hand-over")
    func failing() async throws {
        let town = try await Town(.mariadb)
        try await town.add("ann")
        var broken = town.rule
        broken.erase = ["DELETE FROM nowhere WHERE id = :key"]
        var blind = town.rule
        blind.erase = ["DELETE FROM posts WHERE author = :key"]
        for (rules, words) in [
            ([], "which nothing erases"), ([broken], "erase of erasures.user failed"), ([blind], "still there"),
        ] {
            let error = await #expect(throws: RecoveryError.self) {
                try await town.handOver(HandoverRules(erasures: rules), at: nil)
            }
            #expect(
                error?.code == .notHandedOver && error?.message.contains(words) == true, "\(String(describing: error))")
        }
    }

    private static func profile(_ columns: [(String, MaskProfile.Mask)], exempt: [String], _ kind: SourceKind)
        -> MaskProfile
    {
        let table = kind == .postgresql ? "town.public.users" : "town.users"
        var profile = MaskProfile(
            name: "staging", source: "db",
            tables: [.init(name: table, columns: columns.map { (name: $0.0, mask: $0.1) })])
        profile.exempt = exempt
        return profile
    }

    @Test("masked values are of their kind, NULL stays NULL, the same stays the same, and beats are exempt")
    func masked() async throws {
        for kind in [SourceKind.mariadb, .postgresql] {
            let town = try await Town(kind)
            let beats = kind == .postgresql ? "town.public.beats" : "town.beats"
            let profile = Self.profile(
                [("email", .email), ("name", .name), ("phone", .digits), ("born", .null)], exempt: [beats], kind)
            let record = try await town.handOver(
                HandoverRules(masks: [profile]), at: nil, for: .masked("staging"))
            #expect(record.mask == "staging" && record.maskedColumnCount == 4 && record.lookedForCount > 5, "\(record)")
            let rows = try await town.server.query(
                "SELECT email, name, phone, born FROM users ORDER BY id", database: "town")
            #expect(rows.count == 3)
            #expect(rows.allSatisfy { $0[0]?.hasSuffix("@masked.invalid") == true && $0[0]?.hasPrefix("x") == true })
            #expect(Set(rows.map { $0[0] }).count == 3)
            #expect(rows[0][1]?.hasPrefix("Person ") == true)
            let digits = rows[0][2] ?? ""
            #expect(digits.count == "+49 30 1234567".count && digits.allSatisfy(\.isNumber))
            let left = try await town.server.query(
                "SELECT COUNT(*) FROM users WHERE born IS NOT NULL", database: "town")
            #expect(left == [["0"]])
        }
    }

    @Test("a column that was forgotten is found by the values that were masked elsewhere, and nothing is handed over")
    func forgotten() async throws {
        for kind in [SourceKind.mariadb, .postgresql] {
            let town = try await Town(kind)
            let profile = Self.profile([("email", .email)], exempt: [], kind)
            let error = await #expect(throws: RecoveryError.self) {
                try await town.handOver(HandoverRules(masks: [profile]), at: nil, for: .masked("staging"))
            }
            #expect(error?.code == .notHandedOver)
            #expect(error?.message.contains("beats.note") == true, "\(String(describing: error))")
        }
    }

    @Test("a copy that is not for production wants a profile or a reason, and a profile that covers its source")
    func recipients() async throws {
        let town = try await Town(.mariadb)
        let rules = HandoverRules(masks: [Self.profile([("email", .email)], exempt: [], .mariadb)])
        #expect(throws: RecoveryError.self) { try rules.recipient(mask: nil, unmaskedReason: nil) }
        #expect(try rules.recipient(mask: "staging", unmaskedReason: nil) == .masked("staging"))
        #expect(try HandoverRules().recipient(mask: nil, unmaskedReason: nil).unmaskedReason != nil)
        var other = town.source
        other.name = "other"
        for (source, mask) in [(town.source, "stagign"), (other, "staging")] {
            let error = await #expect(throws: RecoveryError.self) {
                try await Handover(rules, in: town.stage.context).check(source, for: .masked(mask))
            }
            #expect(error?.code == .notConfigured)
        }
    }

    @Test("epoch statements are run on the copy of their source, and one that fails stops the hand-over")
    func epochs() async throws {
        let town = try await Town(.mariadb)
        let hook = EpochHook(source: "db", sql: "UPDATE posts SET body = 'signed out' WHERE id = 1", database: "town")
        let record = try await town.handOver(HandoverRules(epochs: [hook]), at: nil)
        #expect(record.epochCount == 1)
        #expect(
            try await town.server.query("SELECT body FROM posts WHERE id = 1", database: "town") == [["signed out"]])
        let bad = EpochHook(source: "db", sql: "UPDATE nowhere SET a = 1", database: "town")
        let error = await #expect(throws: RecoveryError.self) {
            try await town.handOver(HandoverRules(epochs: [bad]), at: nil)
        }
        #expect(error?.code == .notHandedOver)
    }
}
