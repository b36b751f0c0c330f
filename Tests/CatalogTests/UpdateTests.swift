import FoundationEssentials
import GRDB
import Ledger
import TestSupport
import Testing

@testable import Catalog

extension Catalog {
    /// All rows of all tables, as text, in an order of their own.
    func contents() async throws -> [String: [String]] {
        try await read { database in
            var contents = [String: [String]]()
            for table in CatalogTable.all.map(\.name) + ["events", "repository"] {
                contents[table] = try Row.fetchAll(database, sql: "SELECT * FROM \(table)").map { "\($0)" }.sorted()
            }
            return contents
        }
    }
}

@Suite("the catalog and its events")
struct UpdateTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder("catalog") }

    private func catalog(_ name: String) async throws -> Catalog {
        try await Catalog.open(at: folder.path + "/\(name).sqlite")
    }

    @Test(
        "what grew bit by bit, cut off here and there, equals what is made anew",
        arguments: 1...8 as ClosedRange<UInt64>)
    func equal(seed: UInt64) async throws {
        var maker = EventMaker(seed: seed)
        var random = SeededGenerator(seed: seed &+ 1000)
        let feed = ListFeed([])
        let grown = try await catalog("grown-\(seed)")
        for _ in 0..<6 {
            feed.add(maker.events(Int.random(in: 1...60, using: &random)))
            feed.cut(after: Int.random(in: 0...80, using: &random))
            // Ended in the middle or not: both are right.
            _ = try? await grown.update(from: feed, batchSize: Int.random(in: 1...9, using: &random))
        }
        feed.cut(after: Int.max)
        let last = try await grown.update(from: feed, batchSize: 7)
        let fresh = try await catalog("fresh-\(seed)")
        let whole = try await fresh.rebuild(from: feed)
        let (one, other) = (try await grown.contents(), try await fresh.contents())
        #expect(one == other, "seed \(seed)")
        #expect(last.eventCount == whole.eventCount && last.unknownKinds == whole.unknownKinds)
        #expect(whole.eventCount == whole.readCount && whole.eventCount > 6)
        #expect(try await fresh.rebuild(from: feed).readCount == whole.eventCount)
        #expect(try await fresh.contents() == other)
        #expect(try await fresh.update(from: feed).readCount == 0)
    }

    @Test("nodes read in another order give the same")
    func order() async throws {
        var maker = EventMaker(seed: 99)
        let events = maker.events(300)
        let first = try await catalog("first")
        for node in ["web1", "web2", "standby"] {
            _ = try await first.update(from: ListFeed(events.filter { $0.node == node }))
        }
        let second = try await catalog("second")
        for node in ["standby", "web2", "web1"] {
            _ = try await second.update(from: ListFeed(events.filter { $0.node == node }))
        }
        #expect(try await first.contents() == second.contents())
        #expect(try await first.contents()["disaster_recovery_tests"]?.isEmpty == false)
    }

    @Test("an event that came late into a listing is taken in later")
    func late() async throws {
        var maker = EventMaker(seed: 5)
        let events = maker.events(40, nodes: ["web1"])
        let catalog = try await catalog("late")
        let feed = ListFeed(events.filter { $0.sequence != 1 && $0.sequence != 20 })
        #expect(try await catalog.update(from: feed).readCount == 38)
        feed.add(events.filter { $0.sequence == 20 })
        #expect(try await catalog.update(from: feed).readCount == 1)
        feed.add(events.filter { $0.sequence == 1 })
        #expect(try await catalog.update(from: feed).readCount == 1)
        let fresh = try await self.catalog("on-time")
        _ = try await fresh.rebuild(from: ListFeed(events))
        #expect(try await catalog.contents() == fresh.contents())
    }

    @Test("two updates at once take each event in once")
    func together() async throws {
        var maker = EventMaker(seed: 11)
        let feed = ListFeed(maker.events(200))
        let (one, other) = (try await catalog("shared"), try await catalog("shared"))
        async let first = one.update(from: feed, batchSize: 3)
        async let second = other.update(from: feed, batchSize: 5)
        let counts = try await [first.readCount, second.readCount]
        #expect(counts.reduce(0, +) == 200)
        let fresh = try await catalog("alone")
        _ = try await fresh.rebuild(from: feed)
        #expect(try await one.contents() == fresh.contents())
    }

    @Test(
        "what a crash leaves on the disk in the middle of a transaction is gone on with",
        arguments: 1...4 as ClosedRange<UInt64>)
    func crash(seed: UInt64) async throws {
        var maker = EventMaker(seed: seed)
        let events = maker.events(400, nodes: ["web1"])
        let running = try await catalog("running-\(seed)")
        _ = try await running.update(from: ListFeed(Array(events.prefix(100))), batchSize: 20)
        let crashed = folder.path + "/crashed-\(seed).sqlite"
        let projected = events[100..<300].map { ($0, Projection($0)) }
        try await running.write { [path = running.path] database in
            // With so little memory what is not committed goes to the disk as well.
            try database.execute(sql: "PRAGMA cache_size = 1; PRAGMA cache_spill = 1")
            #expect(try Catalog.take(projected, into: database) == 200)
            for suffix in ["", "-wal"] {
                try FileManager.default.copyItem(atPath: path + suffix, toPath: crashed + suffix)
            }
        }
        let found = try await Catalog.open(at: crashed)
        let update = try await found.update(from: ListFeed(events), batchSize: 50)
        #expect(update.readCount == 300, "seed \(seed)")
        let fresh = try await catalog("whole-\(seed)")
        _ = try await fresh.rebuild(from: ListFeed(events))
        #expect(try await found.contents() == fresh.contents(), "seed \(seed)")
    }

    @Test("a batch that fails in the middle leaves nothing of itself")
    func failing() async throws {
        var maker = EventMaker(seed: 21)
        let feed = ListFeed(maker.events(200))
        let catalog = try await catalog("failing")
        try await catalog.write { database in
            try database.execute(
                sql: """
                    CREATE TRIGGER full BEFORE INSERT ON runs WHEN (SELECT COUNT(*) FROM runs) = 7
                    BEGIN SELECT RAISE(ABORT, 'the disk is full'); END
                    """)
        }
        let error = await #expect(throws: CatalogError.self) { try await catalog.update(from: feed, batchSize: 30) }
        #expect(error?.message.contains("the disk is full") == true)
        let counts = try await catalog.contents().mapValues(\.count)
        #expect((counts["runs"] ?? 7) < 7)
        try await catalog.write { try $0.execute(sql: "DROP TRIGGER full") }
        _ = try await catalog.update(from: feed)
        let fresh = try await self.catalog("not-failing")
        _ = try await fresh.rebuild(from: feed)
        #expect(try await catalog.contents() == fresh.contents())
    }

    @Test("unknown kinds, payloads that are gone or of another shape are counted")
    func counted() async throws {
        let time = EventTime(seconds: 1_790_000_000)
        let strange: [(String, [UInt8]?)] = [
            ("replication", []), ("replication", Array("{}".utf8)), ("backup", Array("no json".utf8)), ("drill", nil),
            ("alive", Array(#"{"actor":"a","detail":{}}"#.utf8)),
        ]
        let events = strange.enumerated().map { number, one in
            CatalogEvent(node: "web1", sequence: UInt64(number + 1), time: time, kind: one.0, payload: one.1)
        }
        let update = try await catalog("strange").update(from: ListFeed(events))
        #expect(update.eventCount == 5 && update.unknownKinds == ["replication": 2])
        #expect(update.unreadableCount == 1 && update.goneCount == 1 && update.problems.isEmpty)
    }

    @Test("events of another repository are refused, and a rebuild takes them")
    func repository() async throws {
        var maker = EventMaker(seed: 3)
        let events = maker.events(10)
        let catalog = try await catalog("moved")
        _ = try await catalog.update(from: ListFeed(events))
        let other = ListFeed(Array(events.prefix(4)), repositoryID: "another")
        await #expect(throws: CatalogError.self) { try await catalog.update(from: other) }
        #expect(try await catalog.rebuild(from: other).eventCount <= 4)
        #expect(try await catalog.contents()["repository"]?.first?.contains("another") == true)
    }
}
