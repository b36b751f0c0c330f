import Foundation
import ObjectStore
import TestSupport
import Testing
import Trees

@testable import Repository

@Suite struct PruneSweepTests {
    private static func prepared() async throws -> (Bench, [(SnapshotEntry, MemoryTree)]) {
        let bench = try await Bench.make()
        var maker = RandomTrees(seed: 21)
        var tree = maker.tree(24)
        var all = [(SnapshotEntry, MemoryTree)]()
        for number in 0..<5 {
            all.append((try await bench.backup(tree, at: 1_780_000_000 + Int64(number)), tree))
            tree = maker.changed(tree)
        }
        try await bench.repository.forget([all.remove(at: 3).0.id, all.remove(at: 0).0.id])
        return (bench, all)
    }

    /// A copy of a prepared repository.
    private func copy(_ bench: Bench) async throws -> Bench {
        let folder = try TemporaryFolder("sweep")
        try FileManager.default.removeItem(atPath: folder.path)
        try FileManager.default.copyItem(atPath: bench.folder.path, toPath: folder.path)
        let store = DirectoryStore(root: folder.path)
        return Bench(folder: folder, store: store, repository: bench.repository.through(store))
    }

    private func demandWhole(_ bench: Bench, _ all: [(SnapshotEntry, MemoryTree)], _ place: Int) async throws {
        #expect(try await bench.errors() == [], "killed at operation \(place)")
        for (snapshot, tree) in all {
            #expect(try await bench.read(snapshot) == tree.files, "killed at operation \(place)")
        }
    }

    /// Kills `work` at its 1st, 2nd, 3rd … change of the store until it gets through. After each kill everything must be
    /// there, and running both runs once more must lead to the same end.
    private func sweep(
        _ original: Bench, _ all: [(SnapshotEntry, MemoryTree)], actsBeforeFailing: Bool,
        _ work: (Bench) async throws -> Void
    ) async throws {
        for place in 0..<500 {
            let bench = try await copy(original)
            let stopping = bench.through(
                StoppingStore(bench.store, after: place, actsBeforeFailing: actsBeforeFailing))
            do {
                try await work(stopping)
                try await demandWhole(bench, all, place)
                #expect(place > 3, "something must have been changed")
                return
            } catch let error as StoreError where error.code == .failed {
                try await demandWhole(bench, all, place)
                _ = try await bench.repository.unlock(
                    all: true, now: .init(seconds: 0), hostname: "", isAlive: { _ in true })
                _ = try await bench.repository.prune(Bench.prune(), locks: Bench.locks(), deletesNow: true)
                try await demandWhole(bench, all, place)
                let plan = try await bench.repository.prunePlan(Bench.prune())
                #expect(plan.remove.isEmpty && plan.waiting.isEmpty && plan.unusedBlobCount == 0)
            }
        }
        Issue.record("500 operations were not enough")
    }

    @Test("a kill at any point of the first run loses nothing", arguments: [false, true])
    func firstRun(_ actsBeforeFailing: Bool) async throws {
        let (bench, all) = try await Self.prepared()
        try await sweep(bench, all, actsBeforeFailing: actsBeforeFailing) { _ = try await $0.firstRun() }
    }

    @Test("a kill at any point of the second run loses nothing", arguments: [false, true])
    func secondRun(_ actsBeforeFailing: Bool) async throws {
        let (bench, all) = try await Self.prepared()
        _ = try await bench.firstRun()
        try await sweep(bench, all, actsBeforeFailing: actsBeforeFailing) { try await $0.secondRun() }
    }

    /// Backups, forgetting, both runs of prune and kills in any order, beside a model that knows what must be there.
    @Test("whatever happens in whatever order, snapshots keep what they hold", arguments: [1, 2, 3, 4] as [UInt64])
    func model(_ seed: UInt64) async throws {
        let bench = try await Bench.make()
        var maker = RandomTrees(seed: seed)
        var tree = maker.tree(15)
        var model = [(SnapshotEntry, MemoryTree)]()
        for step in 0..<25 {
            switch Int.random(in: 0..<8, using: &maker.random) {
            case 0...2:
                tree = maker.changed(tree)
                model.append((try await bench.backup(tree, at: 1_780_000_000 + Int64(step)), tree))
            case 3:
                if let lost = model.indices.randomElement(using: &maker.random) {
                    try await bench.repository.forget([model.remove(at: lost).0.id])
                }
            case 4, 5: _ = try await bench.firstRun()
            case 6: try await bench.secondRun()
            default:
                let count = Int.random(in: 0..<12, using: &maker.random)
                let killed = bench.through(StoppingStore(bench.store, after: count))
                // Losing the error is the point: whatever came of it, nothing may be lost.
                _ = try? await killed.repository.prune(Bench.prune(), locks: Bench.locks(), deletesNow: true)
                _ = try await bench.repository.unlock(
                    all: true, now: .init(seconds: 0), hostname: "", isAlive: { _ in true })
            }
            #expect(try await bench.errors() == [], "seed \(seed), step \(step)")
        }
        for (snapshot, tree) in model {
            #expect(try await bench.read(snapshot) == tree.files, "seed \(seed)")
        }
        try await bench.restic("check", "--read-data")
    }
}
