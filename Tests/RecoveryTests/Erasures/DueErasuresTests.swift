import DataSources
import Recovery
import Testing
import Trees

@Suite("Which erasures a restored database must be told again")
struct DueErasuresTests {
    private func entry(
        _ number: UInt64, _ moment: ErasureEntry.Moment, _ subject: String, _ time: String, position: String? = nil,
        confirms: UInt64? = nil, kind: String = "user"
    ) -> ErasureEntry {
        ErasureEntry(
            number: number, moment: moment, kind: kind, subject: subject, time: time, position: position,
            confirms: confirms)
    }

    private func moment(_ position: String?, _ time: String, kind: SourceKind = .mariadb) throws -> RestoredMoment {
        RestoredMoment(kind: kind, position: position, time: try #require(Timestamp(rfc3339: time)))
    }

    private var entries: [ErasureEntry] {
        [
            entry(1, .add, "ann", "2026-11-01T10:00:00Z"),
            entry(2, .confirm, "ann", "2026-11-01T10:05:00Z", position: "0-1-100", confirms: 1),
            entry(3, .add, "bob", "2026-11-02T10:00:00Z"),
        ]
    }

    @Test(
        "one who was erased after the restored position is due, one before it is left alone",
        arguments: [("0-1-99", ["ann", "bob"]), ("0-1-100", ["bob"]), ("0-1-500,1-1-3", ["bob"])])
    func byPosition(position: String, due: [String]) throws {
        let restored = try moment(position, "2026-12-01T00:00:00Z")
        let found = DueErasures.due(entries, kinds: ["user"], restored: restored)
        #expect(found.map(\.subject) == due)
    }

    @Test("without a position the time decides, and the same second counts as before the deletion")
    func byTime() throws {
        for (time, due) in [
            ("2026-11-01T10:04:59Z", ["ann", "bob"]), ("2026-11-01T10:05:00Z", ["ann", "bob"]),
            ("2026-11-01T10:05:01Z", ["bob"]),
        ] {
            let found = DueErasures.due(entries, kinds: ["user"], restored: try moment(nil, time))
            #expect(found.map(\.subject) == due, "\(time)")
        }
    }

    @Test("one who was erased, registered again and was erased again is asked for once, by what is not confirmed in it")
    func twice() throws {
        let again =
            entries + [
                entry(4, .add, "ann", "2026-11-03T10:00:00Z"),
                entry(5, .confirm, "ann", "2026-11-03T10:01:00Z", position: "0-1-300", confirms: 4),
            ]
        func due(_ position: String) throws -> [[UInt64]] {
            let restored = try moment(position, "2026-12-01T00:00:00Z")
            return DueErasures.due(again, kinds: ["user"], restored: restored).map(\.entries)
        }
        #expect(try due("0-1-50") == [[1, 4], [3]])
        #expect(try due("0-1-200") == [[3], [4]])
        #expect(try due("0-1-300") == [[3]])
    }

    @Test("kinds of other sources are not asked for")
    func kinds() throws {
        let restored = try moment(nil, "2026-01-01T00:00:00Z")
        #expect(DueErasures.due(entries, kinds: ["tenant"], restored: restored).isEmpty)
    }

    @Test(
        "positions are compared in the words of their engine",
        arguments: [
            (SourceKind.mariadb, "0-1-5", "0-2-4", true as Bool?), (.mariadb, "0-1-5", "0-1-5,1-1-1", false),
            (.mariadb, "0-1-5,1-9-9", "1-9-9", true), (.mariadb, "", "0-1-1", false), (.mariadb, "0-1-1", "", true),
            (.mariadb, "0-1", "0-1-1", nil), (.postgresql, "0/3000028", "0/3000028", true),
            (.postgresql, "0/FFFFFFFF", "1/0", false), (.postgresql, "1/0", "0/FFFFFFFF", true),
            (.postgresql, "x", "0/1", nil), (.redis, "1", "1", nil),
        ])
    func positions(kind: SourceKind, here: String, there: String, contains: Bool?) {
        #expect(LogPosition.contains(here, there, kind: kind) == contains)
    }
}
