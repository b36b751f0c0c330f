import DataSources
import FoundationEssentials
import Repository
import Retention
import TestSupport
import Testing
import Trees

@testable import Recovery

@Suite("a run of a plan")
struct PlanRunTests {
    @Test("reads the database before the files, writes the point last, and the ledger has it")
    func whole() async throws {
        let stage = try await RecoveryStage()
        let point = try await stage.point()
        #expect(point.parts.map(\.source) == ["db", "uploads"])
        #expect(point.isWhole && point.parts.allSatisfy { $0.snapshot != nil && $0.byteCount > 0 })
        #expect(point.part("db")?.reading?.position?.gtid == "0-1-2")
        let list = try await stage.store.list()
        #expect(list.entries.map(\.point) == [point] && list.entries[0].state == "whole" && list.orphans.isEmpty)
        let snapshots = try await stage.context.repository.snapshots().entries
        #expect(snapshots.allSatisfy { $0.snapshot.tags?.contains("lifeboat-point:" + point.id) == true })
        #expect(stage.events.kinds == ["backup"])
        let pins = try #require(try await ContentPins.read(point.id, from: stage.context.repository))
        #expect(pins.sources["db"]?.pins.first?.rowCount == 2)
    }

    @Test("a source that fails half way leaves no snapshot, fails its part alone, and the point never looks whole")
    func failedSource() async throws {
        let stage = try await RecoveryStage()
        try Data().write(to: URL(filePath: stage.path + "/db/broken"))
        let point = try await stage.point()
        #expect(!point.isWhole && point.failed.map(\.source) == ["db"])
        #expect(point.part("db")?.failure?.message == "the pretended tool was killed")
        #expect(point.part("db")?.snapshot == nil && point.part("uploads")?.outcome == .complete)
        #expect(try await stage.context.repository.snapshots().entries.count == 1)
        #expect(try await stage.store.list().entries.first?.state == "failed")
        let error = await #expect(throws: RecoveryError.self) { try await stage.store.find("latest") }
        #expect(error?.code == .pointMissing)
        let found = try await stage.store.find("latest", having: ["uploads"])
        #expect(found.point.id == point.id)
    }

    @Test("a source that lost half of itself is suspect, unless that was said to be right")
    func shrunken() async throws {
        let stage = try await RecoveryStage()
        try stage.setRows((0..<200_000).map { "row \($0)" })
        try await stage.point()
        try stage.setRows(["one"])
        let point = try await stage.point()
        #expect(point.failed.map(\.source) == ["db"] && point.part("db")?.failure?.kind == "suspectContent")
        #expect(point.part("db")?.snapshot != nil)
        var context = stage.context
        context.acceptsShrunken = ["db"]
        let plan = Plan(name: "nightly", store: "main", sources: ["db"], keep: RetentionPolicy())
        #expect(try await PlanRun(plan, sources: [stage.database], in: context).run().isWhole)
    }

    @Test("started twice at once, the second is refused and says who runs; other plans are not held up")
    func twice() async throws {
        let stage = try await RecoveryStage()
        let lock = try FileLock(folder: stage.context.stateFolder, name: "plan-nightly", what: "the plan nightly")
        let error = await #expect(throws: RecoveryError.self) { try await stage.point() }
        #expect(error?.code == .alreadyRunning && error?.message.contains("as process ") == true)
        try await stage.point("other")
        lock.release()
        try await stage.point()
    }

    @Test("a run that is cancelled writes no point, and what it stored is known as an orphan")
    func cancelled() async throws {
        let stage = try await RecoveryStage()
        let plan = Plan(name: "nightly", store: "main", sources: ["db", "uploads"], keep: RetentionPolicy())
        let run = PlanRun(plan, sources: [stage.database, stage.files], in: stage.context) { step in
            if case .ended = step { withUnsafeCurrentTask { $0?.cancel() } }
        }
        let result = await Task { try await run.run() }.result
        #expect(throws: (any Error).self) { try result.get() }
        let list = try await stage.store.list()
        #expect(list.entries.isEmpty && list.orphans.count == 1)
        let gone = try await stage.context.forget { _ in [] }
        #expect(gone.orphans == 1)
        #expect(try await stage.context.repository.snapshots().entries.isEmpty)
    }
}
