import Sealing
import TestSupport
import Testing
import Trees

@testable import Repository

/// A backup that stands still while it reads, as a stopped process does, until it is told to go on.
private final class Standstill: Sendable {
    private let state = Monitor((isReached: false, isOver: false))

    /// Called by the backup.
    func stop() {
        state.update { $0.isReached = true }
        _ = state.wait { $0.isOver ? true : nil }
    }

    func untilReached() async throws {
        try await Threads.run("wait") { _ = self.state.wait { $0.isReached ? true : nil } }
    }

    func goOn() { state.update { $0.isOver = true } }
}

@Suite struct StoppedBackupTests {
    /// One snapshot; then a second backup of the same files and one more, which stands still when it reads that one.
    private struct Scene {
        let bench: Bench
        let old: SnapshotEntry
        let tree: MemoryTree
        let standstill = Standstill()
        let backup: Task<BackupResult, any Error>

        init() async throws {
            let bench = try await Bench.make()
            var maker = RandomTrees(seed: 31)
            var tree = maker.tree(30)
            old = try await bench.backup(tree)
            tree.set("data/zzz", .file(maker.random.bytes(5000)))
            let standstill = standstill
            let source = MemorySource(
                tree: tree, beforeReading: { if $0 == "zzz" { standstill.stop() } })
            let settings = BackupSettings(
                paths: ["/data"], hostname: "bench", now: { Timestamp(seconds: 1_780_090_000) })
            backup = Task { try await bench.repository.backup(source, settings, locks: Bench.locks(pid: 42)) }
            try await standstill.untilReached()
            self.bench = bench
            self.tree = tree
        }

        /// The old snapshot goes, so that nothing needs its packs but the backup that nobody can see yet.
        func forgetAndList() async throws {
            try await bench.repository.forget([old.id])
            let plan = try await bench.firstRun()
            #expect(!plan.remove.isEmpty)
        }

        func demandWhole(_ id: SnapshotID?) async throws {
            let snapshot = try await bench.repository.snapshot(try #require(id))
            #expect(try await bench.read(snapshot) == tree.files)
            #expect(try await bench.errors() == [])
            try await bench.restic("check", "--read-data")
        }
    }

    @Test("the second run refuses while a stopped backup holds its lock, and the backup loses nothing")
    func lockHolds() async throws {
        let scene = try await Scene()
        try await scene.forgetAndList()
        await #expect { try await scene.bench.secondRun() } throws: { error in
            let error = error as? RepositoryError
            return error?.code == .locked && error?.message.contains("process 42") == true
        }
        scene.standstill.goOn()
        try await scene.demandWhole(try await scene.backup.value.id)
        // What it took over stays, although it is still on the list.
        let second = try await scene.bench.secondRun()
        #expect(second.keptPackCount > 0)
        try await scene.demandWhole(try await scene.bench.repository.snapshots().entries.first?.id)
    }

    @Test("a backup whose lock was removed by force notices that prune ran, and the next one is whole")
    func lockRemoved() async throws {
        let scene = try await Scene()
        try await scene.forgetAndList()
        _ = try await scene.bench.repository.unlock(
            all: true, now: Timestamp(seconds: 0), hostname: "", isAlive: { _ in true })
        #expect(try await scene.bench.secondRun().deletedPackCount > 0)
        scene.standstill.goOn()
        await #expect { try await scene.backup.value } throws: { ($0 as? RepositoryError)?.code == .lockLost }
        #expect(try await scene.bench.repository.snapshots().entries.isEmpty)
        #expect(try await scene.bench.errors() == [])
        try await scene.demandWhole(try await scene.bench.backup(scene.tree).id)
    }

    @Test("a backup whose lock was removed while nothing it needs went is saved all the same")
    func lockRemovedInVain() async throws {
        let scene = try await Scene()
        _ = try await scene.bench.repository.unlock(
            all: true, now: Timestamp(seconds: 0), hostname: "", isAlive: { _ in true })
        _ = try await scene.bench.repository.prune(Bench.prune(), locks: Bench.locks(), deletesNow: true)
        scene.standstill.goOn()
        try await scene.demandWhole(try await scene.backup.value.id)
    }
}
