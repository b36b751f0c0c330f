import FoundationEssentials
import ObjectStore
import Repository
import Retention
import Sealing
import TestSupport
import Testing
import Trees

@testable import Recovery

@Suite("recovery points")
struct PointTests {
    @Test("a point whose snapshot somebody removed is broken by the name of its source, and is not restored")
    func broken() async throws {
        let stage = try await RecoveryStage()
        let point = try await stage.point()
        let snapshot = try #require(
            try await stage.context.repository.snapshots().entries.first { $0.snapshot.paths == ["/db"] })
        try await stage.context.repository.forget([snapshot.id])
        let entry = try await stage.store.find(point.id)
        #expect(entry.state == "broken" && entry.brokenSources == ["db"])
        let error = #expect(throws: RecoveryError.self) { try PointRestore(entry, in: stage.context).part("db") }
        #expect(error?.code == .pointBroken && error?.message == "the snapshot of db is gone: somebody removed it")
        #expect(try PointRestore(entry, in: stage.context).part("uploads").source == "uploads")
    }

    @Test("restic's tag and rewrite give a snapshot another ID, and the point stays whole")
    func retagged() async throws {
        let stage = try await RecoveryStage()
        let point = try await stage.point()
        let before = try await stage.context.repository.snapshots().entries.map(\.id)
        _ = try await Tool.run(
            "restic", ["-r", stage.path + "/repository", "tag", "--add", "kept"],
            variables: ["RESTIC_PASSWORD": RecoveryStage.password, "RESTIC_CACHE_DIR": stage.path + "/cache"])
        let after = try await stage.context.repository.snapshots().entries.map(\.id)
        #expect(Set(before).isDisjoint(with: after) && after.count == 2)
        #expect(try await stage.store.find(point.id).state == "whole")
    }

    @Test("a point that the store swapped for another is noticed and listed as damaged")
    func swapped() async throws {
        let stage = try await RecoveryStage()
        try await stage.point()
        let second = try await stage.point()
        let store = stage.context.repository.store
        let names = try await store.list(prefix: PointStore.prefix).map(\.name)
        let name = try #require(names.first { $0.hasSuffix(second.id) })
        let other = try #require(names.first { $0 != name })
        try await store.put(name, try await store.get(other))
        let list = try await stage.store.list()
        #expect(list.entries.count == 1 && list.damaged.map(\.name) == [name])
        #expect(list.orphans.isEmpty, "its snapshots may still be wanted")
    }

    @Test("the beginning of an ID names a point; of two, neither")
    func naming() async throws {
        let stage = try await RecoveryStage()
        let point = try await stage.point()
        #expect(try await stage.store.find(String(point.id.prefix(6))).point.id == point.id)
        for (text, code) in [("zz", RecoveryError.Code.pointMissing), ("", .pointMissing)] {
            let error = await #expect(throws: RecoveryError.self) { try await stage.store.find(text) }
            #expect(error?.code == code)
        }
    }

    @Test("a point and its snapshots go together; failed nights push out no whole point; pinned and newest stay")
    func retention() async throws {
        let stage = try await RecoveryStage()
        var points = [try await stage.point(), try await stage.point(), try await stage.point()]
        try Data().write(to: URL(filePath: stage.path + "/db/broken"))
        points += [try await stage.point(), try await stage.point()]
        try await stage.store.setPinned(points[0].id, true, reason: "audit", now: now())
        var keep = RetentionPolicy()
        keep.last = 1
        let entries = try await stage.store.list().entries
        let retention = PointRetention(plan: "nightly", keep: keep, entries: entries, now: now())
        let kept = Dictionary(
            uniqueKeysWithValues: retention.decisions.filter(\.isKept).map { ($0.entry.point.id, $0.reasons) })
        #expect(kept == [points[0].id: ["pinned"], points[2].id: ["last point"], points[4].id: ["last point"]])
        let gone = try await stage.context.forget { list in
            [PointRetention(plan: "nightly", keep: keep, entries: list.entries, now: now())]
        }
        #expect(Set(gone.points.map(\.point.id)) == [points[1].id, points[3].id])
        let left = try await stage.store.list()
        #expect(left.entries.map(\.state) == ["whole", "whole", "failed"] && left.orphans.isEmpty)
        let tags = Set(try await stage.context.repository.snapshots().entries.flatMap { $0.snapshot.tags ?? [] })
        #expect(!tags.contains(points[1].tag) && tags.contains(points[0].tag))
        #expect(stage.events.kinds.last == "forget")
    }
}
