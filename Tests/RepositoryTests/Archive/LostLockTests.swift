import ObjectStore
import Sealing
import TestSupport
import Testing
import Trees

@testable import Repository

/// A backup that stands still in front of the store while others work: what happens to a process that is stopped.
@Suite("a backup that stands still")
struct LostLockTests {
    private static let bytes: [UInt8] = {
        var generator = SeededGenerator(seed: 91)
        return generator.bytes(3_000_000)
    }()

    /// A repository with one snapshot, forgotten later, whose blobs the backup that stands still relies on.
    private struct Scene {
        let stage: Stage
        let watched: WatchedStore
        let reached = Gate()
        let goOn = Gate()
        let old: SnapshotID
        let backup: Task<BackupResult, any Error>

        /// The backup stops before its `operation` on a name that begins with `prefix`.
        init(before operation: WatchedStore.Operation, _ prefix: String) async throws {
            let stage = try await Stage()
            let files = [("shared", ScriptedSource.file(LostLockTests.bytes))]
            old = try #require(try await stage.backup(ScriptedSource(files), as: "/old").id)
            let (reached, goOn) = (reached, goOn)
            let watched = WatchedStore(stage.store) { seen, name async throws(StoreError) in
                guard seen == operation, name.hasPrefix(prefix) else { return }
                reached.open()
                await goOn.pass()
            }
            let repository = stage.repository.through(watched)
            let source = ScriptedSource(files + [("new", ScriptedSource.file([1, 2, 3], inode: 5))])
            let settings = stage.settings("/new")
            backup = Task { try await repository.backup(source, settings, locks: Stage.locks) }
            (self.stage, self.watched) = (stage, watched)
            await reached.pass()
        }

        func forget() async throws { try await stage.store.delete(Layout.object(Layout.snapshots, old.digest)) }

        func prune(deletesNow: Bool = true) async throws {
            var settings = PruneSettings(now: Stage.now().rfc3339)
            settings.maxUnused = .bytes(0)
            _ = try await stage.repository.prune(settings, locks: Stage.locks, deletesNow: deletesNow)
        }

        /// Lets the backup go on; whatever it says, no snapshot may lack anything.
        func end() async throws -> Result<BackupResult, any Error> {
            goOn.open()
            let result = await backup.result
            let report = try await stage.repository.check()
            #expect(report.isClean)
            let count = try await stage.proveSound()
            #expect((count == 1) == ((try? result.get()) != nil))
            return result
        }
    }

    static let places: [(WatchedStore.Operation, String)] = [
        (.put, Layout.packs), (.put, Layout.indexes), (.put, Layout.snapshots),
    ]

    @Test("keeps the second run of prune away as long as its lock is there, and loses nothing", arguments: 0..<3)
    func locked(place: Int) async throws {
        let scene = try await Scene(before: LostLockTests.places[place].0, LostLockTests.places[place].1)
        try await scene.forget()
        let error = await #expect(throws: RepositoryError.self) { try await scene.prune() }
        #expect(error?.code == .locked)
        let result = try await scene.end()
        let id = try #require(try result.get().id)
        let report = try await scene.stage.restore(
            try await scene.stage.repository.snapshot(id).snapshot, at: "/", to: scene.stage.folder("back"))
        #expect(report.messages == [])
    }

    @Test(
        "and whose lock was taken away while both runs of prune went through ends with lockLost or a sound snapshot",
        arguments: 0..<3)
    func lockRemoved(place: Int) async throws {
        let scene = try await Scene(before: LostLockTests.places[place].0, LostLockTests.places[place].1)
        try await scene.forget()
        _ = try await scene.stage.repository.unlock(all: true, now: Stage.now(), hostname: "") { _ in true }
        try await scene.prune()
        #expect(try await scene.stage.objects(Layout.packs).filter { $0 > "" }.count <= 2)
        switch try await scene.end() {
        case .success: Issue.record("the shared blob was deleted, so there cannot be a snapshot")
        case .failure(let error): #expect((error as? RepositoryError)?.code == .lockLost, "\(text(error))")
        }
    }

    @Test("and whose lock was taken away while nothing it needs was deleted saves its snapshot", arguments: 0..<3)
    func nothingDeleted(place: Int) async throws {
        let scene = try await Scene(before: LostLockTests.places[place].0, LostLockTests.places[place].1)
        _ = try await scene.stage.repository.unlock(all: true, now: Stage.now(), hostname: "") { _ in true }
        scene.goOn.open()
        let result = try await scene.backup.value
        #expect(result.id != nil)
        #expect(try await scene.stage.proveSound() == 2)
        #expect(try await scene.stage.repository.check().isClean)
    }

    @Test("between the two runs of prune keeps what it took for granted before the first")
    func betweenTheRuns() async throws {
        let scene = try await Scene(before: .put, Layout.packs)
        try await scene.forget()
        try await scene.prune(deletesNow: false)
        let result = try await scene.end()
        #expect(try result.get().id != nil)
        try await scene.prune(deletesNow: true)
        #expect(try await scene.stage.proveSound() == 1)
        #expect(try await scene.stage.repository.check().isClean)
    }
}
