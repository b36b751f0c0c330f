import Drills
import FoundationEssentials
import GRDB
import Ledger
import Runbooks
import TestSupport
import Testing

@testable import Catalog

@Suite("the catalog's tables")
struct TableTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder("catalog-tables") }

    @Test("each table is strict and has the columns that rows are made for", arguments: CatalogTable.all)
    func columns(table: CatalogTable) async throws {
        let catalog = try await Catalog.open(at: folder.path + "/c.sqlite")
        let (columns, sql) = try await catalog.read { database in
            (
                try database.columns(in: table.name).map(\.name),
                try String.fetchOne(
                    database, sql: "SELECT sql FROM sqlite_master WHERE name = ?", arguments: [table.name]) ?? ""
            )
        }
        #expect(columns == table.columns)
        #expect(sql.contains("STRICT"))
        #expect(columns.contains(table.owner))
    }

    @Test("the page on the catalog names every table and column", arguments: CatalogTable.all)
    func documented(table: CatalogTable) throws {
        let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let page = String(decoding: try Data(contentsOf: URL(filePath: root + "/docs/catalog.md")), as: UTF8.self)
        let section = try #require(page.components(separatedBy: "\n## ").first { $0.hasPrefix("`\(table.name)`") })
        for column in table.columns { #expect(section.contains("`\(column)`"), "\(column)") }
    }

    @Test("a test's columns are the keys of its JSON")
    func keys() throws {
        var test = Samples.test("D-1")
        // All that may be nil has a value, so that every key shows.
        (test.pointID, test.targetPosition, test.detectedAt, test.declaredAt) = ("p", "0-1-2", "t", "t")
        (test.degradedAt, test.recoveredAt, test.degradedObjectiveSeconds, test.degradedSeconds) = ("t", "t", 1, 1)
        (test.humanSeconds, test.rpoFilesSeconds, test.runbookDigest, test.isPlanChangedSinceLast) = (1, 1, "d", true)
        (test.reportObject, test.eventSequence, test.performedBy, test.approvedBy) = ("o", 1, "p", "a")
        let data = try JSONEncoder().encode(test)
        let object = try JSONDecoder().decode([String: Anything].self, from: data)
        #expect(object.keys.sorted() == DisasterRecoveryTest.columns.sorted())
    }

    @Test("the payload of a drill has the test's keys beside its steps and reasons, and reads back")
    func payload() throws {
        let step = DisasterRecoveryStep(
            testID: "D-1", step: "restore", host: "app1", phase: .replay, started: "2026-11-21T08:00:00.5Z",
            ended: "2026-11-21T08:01:02Z", exit: 0, attempts: 2)
        let payload = DrillEventPayload(
            test: Samples.test("D-1"), steps: [step], reasons: [VerdictReason(.fail, "hole", "beat 3")])
        let data = try JSONEncoder().encode(payload)
        #expect(try JSONDecoder().decode(DrillEventPayload.self, from: data) == payload)
        let text = String(decoding: data, as: UTF8.self)
        for part in [#""scenario":"D""#, #""verdict":"pass""#, #""seconds":61.5"#, #""code":"hole""#] {
            #expect(text.contains(part), "\(part): \(text)")
        }
    }

    private struct Anything: Decodable {
        init(from decoder: any Decoder) {}
    }

    @Test("a drill comes back as it was recorded")
    func drill() async throws {
        let test = Samples.test("D-20261121T080000Z")
        let payload = Samples.drill(test, stepCount: 3, reasonCount: 1)
        let time = EventTime(seconds: 1_790_000_000)
        let catalog = try await Catalog.open(at: folder.path + "/d.sqlite")
        _ = try await catalog.update(
            from: ListFeed([CatalogEvent(node: "web1", sequence: 1, time: time, kind: "drill", payload: payload)]))
        let found = try await catalog.drill("D-2026")
        var wanted = test
        (wanted.eventSequence, wanted.performedBy) = (1, "0123456789abcdef")
        #expect(found.test == wanted)
        #expect(found.steps.map(\.step) == ["step-0", "step-1", "step-2"] && found.steps.allSatisfy { $0.exit == 0 })
        #expect(found.reasons.map(\.code) == ["hole"])
        #expect(try await catalog.drill("latest").test.id == test.id)
        await #expect(throws: CatalogError.self) { try await catalog.drill("A-") }
    }

    @Test("of a drill that was recorded twice the later event counts, with its steps alone")
    func twice() async throws {
        let first = Samples.drill(Samples.test("D-1", verdict: .fail), stepCount: 3, reasonCount: 1)
        let second = Samples.drill(Samples.test("D-1"), stepCount: 0)
        let events = [(9, first), (10, second)].enumerated().map { number, one in
            CatalogEvent(
                node: "web1", sequence: UInt64(number + 1), time: EventTime(seconds: 1_790_000_000 + Int64(one.0)),
                kind: "drill", payload: one.1)
        }
        for (name, order) in [("forward", events), ("backward", events.reversed())] {
            let catalog = try await Catalog.open(at: folder.path + "/\(name).sqlite")
            for event in order { _ = try await catalog.update(from: ListFeed([event])) }
            let found = try await catalog.drill("D-1")
            #expect(found.test.verdict == "pass" && found.steps.isEmpty && found.reasons.isEmpty, "\(name)")
        }
    }

    @Test("a catalog of a newer release, and a file that is none, say what to do; removed it is made anew")
    func unusable() async throws {
        let path = folder.path + "/n.sqlite"
        _ = try await Catalog.open(at: path).write { database in
            try database.execute(sql: "INSERT INTO grdb_migrations VALUES ('99')")
        }
        let newer = await #expect(throws: CatalogError.self) { try await Catalog.open(at: path) }
        #expect(newer?.code == .catalogTooNew && newer?.hint.contains("rebuild") == true)
        try Data("this is no database at all, but long enough to look like a file".utf8)
            .write(to: URL(filePath: path))
        let broken = await #expect(throws: CatalogError.self) { try await Catalog.open(at: path) }
        #expect(broken?.code == .catalogUnusable && broken?.hint.contains("rebuild") == true)
        try Catalog.remove(at: path)
        #expect(try await Catalog.open(at: path).drills().isEmpty)
    }
}

extension CatalogTable: CustomTestStringConvertible {
    public var testDescription: String { name }
}
