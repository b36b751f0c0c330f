import Foundation
import Retention
import Sealing
import Testing
import Trees

@testable import Repository

@Suite struct ForgetTests {
    private static let day: Int64 = 86_400
    private static let start: Int64 = 1_780_000_000
    private static let now = Timestamp(seconds: start + 100 * day)

    private func bench(_ count: Int) async throws -> (Bench, [SnapshotEntry]) {
        let bench = try await Bench.make()
        var entries = [SnapshotEntry]()
        for number in 0..<count {
            entries.append(
                try await bench.backup(
                    .directory(["f": .file([UInt8(number)])]), at: Self.start + Int64(number) * Self.day,
                    tags: number == 0 ? ["first"] : []))
        }
        return (bench, entries)
    }

    @Test("a policy keeps what its rules want and says why")
    func policy() async throws {
        let (bench, entries) = try await bench(6)
        var policy = RetentionPolicy()
        policy.last = 2
        policy.tags = [["first"]]
        let plan = try await bench.repository.forgetPlan(policy: policy, now: Self.now)
        #expect(plan.groups.count == 1)
        let group = try #require(plan.groups.first)
        #expect(group.keep.map(\.snapshot.id) == [entries[5].id, entries[4].id, entries[0].id])
        #expect(group.keep.last?.reasons.first?.contains("first") == true)
        #expect(group.remove.map(\.id) == [entries[3].id, entries[2].id, entries[1].id])
        #expect(try await bench.repository.snapshots().entries.count == 6)
        #expect(try await bench.repository.forget(plan) == 3)
        #expect(
            Set(try await bench.repository.snapshots().entries.map(\.id))
                == Set([entries[0].id, entries[4].id, entries[5].id]))
    }

    @Test(
        "restic's forget decides the same",
        arguments: [
            "--keep-last 2", "--keep-daily 3", "--keep-weekly 2", "--keep-within 2d", "--keep-tag first --keep-last 1",
        ])
    func likeRestic(_ line: String) async throws {
        let (bench, _) = try await bench(9)
        var policy = RetentionPolicy()
        switch line {
        case "--keep-last 2": policy.last = 2
        case "--keep-daily 3": policy.daily = 3
        case "--keep-weekly 2": policy.weekly = 2
        case "--keep-within 2d": policy.within = try #require(RetentionSpan("2d"))
        default: (policy.last, policy.tags) = (1, [["first"]])
        }
        let plan = try await bench.repository.forgetPlan(policy: policy, now: Self.now)
        let json = try await bench.restic(
            ["forget", "--dry-run", "--json"] + line.split(separator: " ").map(String.init))
        struct Group: Decodable {
            struct Snapshot: Decodable {
                let id: String
            }
            let keep: [Snapshot]?
        }
        let groups = try JSONDecoder().decode([Group].self, from: Data(json.utf8))
        let kept = Set(groups.flatMap { $0.keep ?? [] }.map(\.id))
        #expect(kept == Set(plan.groups.flatMap(\.keep).map(\.snapshot.id.hex)))
    }

    @Test("hosts are looked at apart, and a filter leaves the others alone")
    func groups() async throws {
        let (bench, _) = try await bench(3)
        let other = try await bench.backup(.directory(["f": .file([9])]), at: Self.start, host: "other")
        var policy = RetentionPolicy()
        policy.last = 1
        let plan = try await bench.repository.forgetPlan(policy: policy, now: Self.now)
        #expect(plan.groups.count == 2 && plan.removed.count == 2)
        var filter = SnapshotFilter()
        filter.hosts = ["other"]
        let filtered = try await bench.repository.forgetPlan(policy: policy, filter: filter, now: Self.now)
        #expect(filtered.groups.flatMap(\.keep).map(\.snapshot.id) == [other.id] && filtered.removed.isEmpty)
    }

    @Test("a policy without rules, and one that leaves nothing, are refused")
    func refusals() async throws {
        let (bench, _) = try await bench(2)
        var tags = RetentionPolicy()
        tags.tags = [["nowhere"]]
        for policy in [RetentionPolicy(), tags] {
            await #expect {
                try await bench.repository.forgetPlan(policy: policy, now: Self.now)
            } throws: { ($0 as? RepositoryError)?.code == .invalidArgument }
        }
    }

    @Test("a damaged snapshot is listed and stays; naming it removes it")
    func damaged() async throws {
        let (bench, entries) = try await bench(3)
        try await bench.overwrite("snapshots/\(entries[0].id.hex)") { $0[9] ^= 1 }
        var policy = RetentionPolicy()
        policy.last = 1
        let plan = try await bench.repository.forgetPlan(policy: policy, now: Self.now)
        #expect(plan.damaged == [entries[0].id])
        #expect(try await bench.repository.forget(plan) == 1)
        #expect(try await bench.names(Layout.snapshots).count == 2)
        let named = try await bench.repository.snapshotIDs(naming: [String(entries[0].id.hex.prefix(12))])
        try await bench.repository.forget(named)
        #expect(try await bench.names(Layout.snapshots) == ["snapshots/\(entries[2].id.hex)"])
    }

    @Test("a plan as JSON has restic's words")
    func json() async throws {
        let (bench, entries) = try await bench(2)
        var policy = RetentionPolicy()
        policy.last = 1
        let plan = try await bench.repository.forgetPlan(policy: policy, now: Self.now)
        let encoder = JSONEncoder()
        encoder.outputFormatting = .withoutEscapingSlashes
        let text = String(decoding: try encoder.encode(plan), as: UTF8.self)
        for part in [
            "\"short_id\":\"\(entries[0].id.short)\"", "\"reasons\":[\"last snapshot\"]", "\"hostname\":\"bench\"",
            "\"tags\":[\"first\"]",
        ] {
            #expect(text.contains(part), "\(part) in \(text)")
        }
    }

    @Test(
        "the zone of a time is read",
        arguments: [
            ("2026-01-01T00:00:00Z", 0), ("2026-01-01T00:00:00.5+05:30", 19_800),
            ("2026-01-01T00:00:00-03:00", -10_800), ("", 0),
        ])
    func zones(_ text: String, _ offset: Int) {
        #expect(SnapshotEntry.zoneOffset(text) == offset)
    }
}
