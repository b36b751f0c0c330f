import ObjectStore
import Sealing
import Synchronization
import TestSupport
import Testing
import Trees

@testable import Repository

@Suite("a backup that is interrupted")
struct InterruptionTests {
    private let refusal = StoreError(.failed, "the store refuses", subject: "test")

    private func source(seed: UInt64, count: Int = 6) -> ScriptedSource {
        var generator = SeededGenerator(seed: seed)
        return ScriptedSource(
            (0..<count).map { number in
                ("file-\(number)", ScriptedSource.file(generator.bytes(1_500_000 + number), inode: UInt64(number)))
            } + [("folder", ScriptedSource.directory([("small", ScriptedSource.file([1, 2, 3]))]))])
    }

    private func small(_ settings: inout BackupSettings) { settings.archive.writer.packByteCount = 1 << 20 }

    @Test(
        "by cancelling leaves neither lock nor snapshot, and the next one uses what was uploaded", arguments: Place.all)
    func cancelled(place: Place) async throws {
        let reached = Gate()
        let put = Counter()
        let stage = try await Stage(place) { store in
            WatchedStore(store) { operation, name async throws(StoreError) in
                guard operation == .put, name.hasPrefix(Layout.packs) else { return }
                if put.add() == 6 { reached.open() }
            }
        }
        let source = source(seed: 41, count: 12)
        let task = Task { try await stage.backup(source, as: "/made-up", change: small) }
        await reached.pass()
        task.cancel()
        let error = await #expect(throws: (any Error).self) { _ = try await task.value }
        #expect(
            error is CancellationError || (error as? RepositoryError)?.code == .cancelled
                || (error as? StoreError)?.code == .cancelled)
        #expect(try await stage.objects(Layout.locks) == [])
        #expect(try await stage.objects(Layout.snapshots) == [])
        let indexed = try await stage.repository.indexed()
        #expect(indexed.table.count >= 4, "what was uploaded is listed")

        let again = try await stage.backup(source, as: "/made-up", change: small)
        let summary = try #require(again.snapshot.summary)
        #expect(summary.dataAdded < summary.totalBytesProcessed - 3_000_000)
        try await stage.proveSound()
        if Restic.isExpected { try await stage.restic.check() }
    }

    /// Fails call number 1, 2, 3, … of one kind until a backup succeeds; after each the repository is sound.
    @Test(
        "by a failing store loses nothing and leaves a sound repository, wherever it fails",
        arguments: [FaultyStore.Operation.put, .get, .head, .list], [false, true])
    func sweep(operation: FaultyStore.Operation, storesFirst: Bool) async throws {
        let faulty = Mutex<FaultyStore?>(nil)
        let stage = try await Stage { store in
            let made = FaultyStore(store)
            faulty.withLock { $0 = made }
            return made
        }
        let store = try #require(faulty.withLock { $0 })
        try await stage.backup(source(seed: 50, count: 1), as: "/made-up", change: small)
        var failures = 0
        while true {
            let outcome: FaultyStore.Outcome = storesFirst ? .failAfterStoring(refusal) : .fail(refusal)
            store.arm([operation: [FaultyStore.Outcome](repeating: .none, count: failures) + [outcome]])
            do {
                try await stage.backup(source(seed: 51 + UInt64(failures), count: 2), as: "/made-up") { settings in
                    small(&settings)
                    settings.archive.writer.threadCount = 4
                }
            } catch {
                failures += 1
                #expect(failures < 60, "it never succeeds: \(text(error))")
                if failures >= 60 { return }
                store.arm([:])
                try await stage.proveSound()
                if failures % 5 == 0, Restic.isExpected { try await stage.restic.check() }
                continue
            }
            store.arm([:])
            break
        }
        print("\(operation) failed \(failures) times before a backup succeeded")
        #expect(failures >= (operation == .put ? 4 : 1))
        try await stage.proveSound()
        if Restic.isExpected { try await stage.restic.check() }
    }

    @Test("by uploads that all fail ends soon with the store's error, even with many threads waiting")
    func allUploadsFail() async throws {
        let refusal = refusal
        let stage = try await Stage { store in
            WatchedStore(store) { operation, name async throws(StoreError) in
                if operation == .put, name.hasPrefix(Layout.packs) { throw refusal }
            }
        }
        let error = await #expect(throws: StoreError.self) {
            try await stage.backup(source(seed: 60, count: 20), as: "/made-up") { settings in
                small(&settings)
                settings.archive.writer.threadCount = 8
            }
        }
        #expect(error?.message == refusal.message)
        #expect(try await stage.proveSound() == 0)
    }

    @Test("by an error at the root is a failed backup without snapshot")
    func noRoot() async throws {
        struct NoRoot: TreeSource {
            func root() throws(TreeError) -> any SourceDirectory {
                throw TreeError(.accessDenied, "cannot list", subject: "/")
            }
        }
        let stage = try await Stage()
        await #expect(throws: TreeError.self) { try await stage.backup(NoRoot(), as: "/made-up") }
        #expect(try await stage.proveSound() == 0)
    }
}
