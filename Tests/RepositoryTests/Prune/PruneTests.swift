import ObjectStore
import Sealing
import TestSupport
import Testing
import Trees

@testable import Repository

extension Bench {
    func firstRun(_ settings: PruneSettings = Bench.prune()) async throws -> PrunePlan {
        try await repository.locked(.shared, Bench.locks()) { lock in
            let plan = try await repository.prunePlan(settings)
            _ = try await repository.firstRun(plan, under: lock)
            return plan
        }
    }

    @discardableResult
    func secondRun() async throws -> PruneSecondRun {
        try await repository.locked(.exclusive, Bench.locks()) { try await repository.secondRun(under: $0) }
    }

    /// Packs are small in these tests, so that there are many; no waste is left.
    static func prune(maxUnused: UnusedLimit = .bytes(0)) -> PruneSettings {
        var settings = PruneSettings(now: "2026-11-20T00:00:00Z")
        settings.maxUnused = maxUnused
        settings.packByteCount = 1 << 14
        return settings
    }
}

@Suite struct PruneTests {
    /// Three snapshots that share some of their files; the second alone has one that fills a pack.
    private func bench(seed: UInt64 = 3) async throws -> (Bench, [(SnapshotEntry, MemoryTree)]) {
        let bench = try await Bench.make()
        var maker = RandomTrees(seed: seed)
        var tree = maker.tree(60)
        var all = [(SnapshotEntry, MemoryTree)]()
        for number in 0..<3 {
            var own = tree
            if number == 1 { own.set("data/only", .file(maker.random.bytes(50_000))) }
            all.append((try await bench.backup(own, at: 1_780_000_000 + Int64(number) * 86_400), own))
            tree = maker.changed(tree)
        }
        return (bench, all)
    }

    private func forget(_ bench: Bench, _ entry: SnapshotEntry) async throws {
        try await bench.repository.forget([entry.id])
    }

    private func demandWhole(_ bench: Bench, _ all: [(SnapshotEntry, MemoryTree)]) async throws {
        #expect(try await bench.errors() == [])
        for (snapshot, tree) in all { #expect(try await bench.read(snapshot) == tree.files) }
    }

    @Test("after both runs everything is there that snapshots need, and nothing else")
    func bothRuns() async throws {
        var (bench, all) = try await bench()
        let before = try await bench.store.list(prefix: Layout.packs).reduce(0) { $0 + $1.byteCount }
        try await forget(bench, all.remove(at: 1).0)
        let plan = try await bench.firstRun()
        #expect(!plan.remove.isEmpty && !plan.repack.isEmpty)
        try await demandWhole(bench, all)
        let second = try await bench.secondRun()
        #expect(second.deletedPackCount == plan.remove.count + plan.repack.count)
        try await demandWhole(bench, all)
        try await bench.restic("check", "--read-data")
        let after = try await bench.store.list(prefix: Layout.packs).reduce(0) { $0 + $1.byteCount }
        #expect(before - after + 2000 > plan.freedByteCount && after < before)
        #expect(try await bench.names("lifeboat/") == [])
        let next = try await bench.repository.prunePlan(Bench.prune())
        #expect(next.isEmpty && next.unusedBlobCount == 0)
    }

    @Test("the first run deletes nothing")
    func firstRunDeletesNothing() async throws {
        let (bench, all) = try await bench()
        try await forget(bench, all[1].0)
        let before = Set(try await bench.names(""))
        _ = try await bench.firstRun()
        let after = Set(try await bench.names(""))
        #expect(before.isSubset(of: after))
        #expect(after.subtracting(before).contains { $0.hasPrefix("lifeboat/removals/") })
    }

    @Test("a plan changes nothing, can be stored, and says what it found")
    func planIsPure() async throws {
        let (bench, all) = try await bench()
        try await forget(bench, all[1].0)
        let before = try await bench.names("")
        let plan = try await bench.repository.prunePlan(Bench.prune())
        #expect(try await bench.names("") == before)
        #expect(plan.snapshotCount == 2)
        #expect(
            plan.keptPackCount + plan.remove.count + plan.repack.count == (try await bench.names(Layout.packs).count))
        #expect(plan.repack.allSatisfy { $0.usedByteCount < $0.byteCount })
    }

    @Test("with nothing forgotten there is nothing to do, and both runs change nothing")
    func idle() async throws {
        let (bench, all) = try await bench()
        let plan = try await bench.repository.prunePlan(Bench.prune(maxUnused: .percent(5)))
        #expect(plan.remove.isEmpty)
        let before = try await bench.names(Layout.packs)
        let result = try await bench.repository.prune(
            Bench.prune(maxUnused: .unlimited), locks: Bench.locks(), deletesNow: true)
        #expect(result.first.listedPackCount == 0)
        #expect(try await bench.names(Layout.packs) == before)
        try await demandWhole(bench, all)
    }

    @Test("a larger share of waste is left alone, a smaller one not")
    func wasteLimit() async throws {
        let (bench, all) = try await bench()
        try await forget(bench, all[1].0)
        let much = try await bench.repository.prunePlan(Bench.prune(maxUnused: .percent(300)))
        let some = try await bench.repository.prunePlan(Bench.prune(maxUnused: .percent(5)))
        let none = try await bench.repository.prunePlan(Bench.prune(maxUnused: .bytes(0)))
        func waste(_ plan: PrunePlan) -> Int { plan.repack.filter { $0.reason == .partlyUsed }.count }
        #expect(waste(much) == 0 && waste(some) > 0 && waste(none) >= waste(some))
        #expect(Double(some.keptUnusedByteCount) <= Double(some.usedByteCount) * 0.05)
        #expect(none.keptUnusedByteCount == 0)
    }

    @Test("no more bytes are copied than allowed")
    func copyLimit() async throws {
        let (bench, all) = try await bench()
        try await forget(bench, all[1].0)
        var settings = Bench.prune()
        settings.maxRepackByteCount = 40_000
        let plan = try await bench.repository.prunePlan(settings)
        #expect(!plan.repack.isEmpty && plan.repack.reduce(0) { $0 + $1.byteCount } <= 40_000)
    }

    @Test("small packs are joined when there are many")
    func small() async throws {
        let bench = try await Bench.make()
        var tree = MemoryTree.directory(["data": .directory([:])])
        var all = [(SnapshotEntry, MemoryTree)]()
        for number in 0..<12 {
            tree.set("data/f\(number)", .file([UInt8(number), 1, 2, 3]))
            all.append((try await bench.backup(tree, at: 1_780_000_000 + Int64(number)), tree))
        }
        #expect(try await bench.names(Layout.packs).count == 24)
        _ = try await bench.repository.prune(Bench.prune(), locks: Bench.locks(), deletesNow: true)
        #expect(try await bench.names(Layout.packs).count == 2)
        #expect(try await bench.names(Layout.indexes).count == 1)
        try await demandWhole(bench, all)
        try await bench.restic("check", "--read-data")
    }

    @Test("packs of a backup that was cut off go, after both runs, and not before")
    func unindexed() async throws {
        let (bench, all) = try await bench()
        let stray = Layout.pack(PackID(SHA256.digest([1])))
        try await bench.store.put(stray, [1, 2, 3])
        try await bench.secondRun()
        #expect(try await bench.names(stray).count == 1)
        let plan = try await bench.firstRun()
        #expect(plan.remove.map(\.reason) == [.unindexed])
        let later = Layout.pack(PackID(SHA256.digest([2])))
        try await bench.store.put(later, [1, 2, 3])
        try await bench.secondRun()
        #expect(try await bench.names(stray) == [])
        #expect(try await bench.names(later).count == 1)
        try await demandWhole(bench, all)
    }

    @Test("a listed pack that a snapshot needs again stays")
    func neededAgain() async throws {
        let (bench, all) = try await bench()
        try await forget(bench, all[0].0)
        try await forget(bench, all[1].0)
        let plan = try await bench.firstRun()
        #expect(!plan.remove.isEmpty)
        // restic knows nothing of removal lists: it may bring a snapshot back that refers to listed packs.
        let again = try await bench.repository.save(all[0].0.snapshot)
        let next = try await bench.repository.prunePlan(Bench.prune())
        #expect(!next.neededAgain.isEmpty)
        let second = try await bench.secondRun()
        #expect(second.keptPackCount == next.neededAgain.count)
        try await demandWhole(bench, [(try await bench.repository.snapshot(again), all[0].1), all[2]])
        try await bench.restic("check", "--read-data")
    }

    @Test("a backup after the first run does not rely on listed packs")
    func backupBetween() async throws {
        let (bench, all) = try await bench()
        for (entry, _) in all { try await forget(bench, entry) }
        _ = try await bench.firstRun()
        let again = try await bench.backup(all[1].1, at: 1_790_000_000)
        let second = try await bench.secondRun()
        #expect(second.keptPackCount == 0)
        try await demandWhole(bench, [(again, all[1].1)])
        try await bench.restic("check", "--read-data")
    }

    @Test("an earlier list is carried out by the next prune, and waits while another works")
    func convenience() async throws {
        let (bench, all) = try await bench()
        try await forget(bench, all[1].0)
        let first = try await bench.repository.prune(Bench.prune(), locks: Bench.locks())
        #expect(first.second == nil && first.first.listedPackCount > 0)
        let busy = try await bench.repository.locked(.shared, Bench.locks(pid: 77)) { _ in
            try await bench.repository.prune(Bench.prune(), locks: Bench.locks())
        }
        #expect(busy.second == nil && busy.postponed?.contains("process 77") == true)
        #expect(busy.plan.waiting.count == first.first.listedPackCount && busy.plan.isEmpty)
        let last = try await bench.repository.prune(Bench.prune(), locks: Bench.locks())
        #expect(last.second?.deletedPackCount == first.first.listedPackCount)
        try await demandWhole(bench, [all[0], all[2]])
    }

    @Test(
        "damage that hides what is in use stops both runs",
        arguments: ["snapshots/", "index/", "empty snapshot", "tree", "pack"])
    func refusals(_ what: String) async throws {
        let (bench, all) = try await bench()
        try await forget(bench, all[1].0)
        // Nothing is copied, so that no copy can stand in for what is damaged.
        _ = try await bench.firstRun(Bench.prune(maxUnused: .unlimited))
        switch what {
        case "tree":
            let name = try await bench.pack(of: .tree)
            try await bench.overwrite(name) { bytes in for index in bytes.indices { bytes[index] ^= 1 } }
        case "empty snapshot":
            try await bench.overwrite(try #require(try await bench.names(Layout.snapshots).first)) { $0 = [] }
        case "pack": try await bench.store.delete(try await bench.pack(of: .data))
        default: try await bench.overwrite(try #require(try await bench.names(what).first)) { $0[9] ^= 1 }
        }
        let before = try await bench.names("")
        func isRefusal(_ error: any Error) -> Bool { (error as? RepositoryError)?.code == .unsafeToContinue }
        await #expect { try await bench.repository.prunePlan(Bench.prune()) } throws: { isRefusal($0) }
        await #expect { try await bench.secondRun() } throws: { isRefusal($0) }
        #expect(try await bench.names("") == before)
    }

    @Test("names that are not ours survive both runs, and so does what lies under lifeboat/")
    func foreignNames() async throws {
        let (bench, all) = try await bench()
        let names = [
            "data/README", "data/00/\(String(repeating: "a", count: 63))", "lifeboat/points/x", "index/note",
            "lifeboat/removals/000000000009-00000000",
        ]
        for name in names { try await bench.store.put(name, [1]) }
        try await forget(bench, all[1].0)
        _ = try await bench.repository.prune(Bench.prune(), locks: Bench.locks(), deletesNow: true)
        for name in names { #expect(try await bench.names(name).count == 1) }
    }

    @Test("what restic wrote and forgot is pruned, and restic is content")
    func resticRepository() async throws {
        let bench = try await Bench.make()
        let source = try TemporaryFolder("source")
        for number in 0..<3 {
            _ = try await Tool.run("sh", ["-c", "head -c 300000 /dev/urandom > \(source.path)/f\(number)"])
            try await bench.restic("backup", source.path)
        }
        _ = try await Tool.run("sh", ["-c", "rm \(source.path)/f1"])
        try await bench.restic("backup", source.path)
        try await bench.restic("forget", "--keep-last", "1")
        let result = try await bench.repository.prune(Bench.prune(), locks: Bench.locks(), deletesNow: true)
        #expect((result.second?.deletedPackCount ?? 0) > 0)
        try await bench.restic("check", "--read-data")
        #expect(try await bench.errors() == [])
        // And the other way round: restic prunes what we leave.
        try await bench.backup(RandomTrees.some(9))
        try await bench.restic("prune", "--max-unused", "0")
        #expect(try await bench.errors() == [])
    }

    @Test("blobs that are in several packs are kept once")
    func duplicates() async throws {
        let (bench, all) = try await bench()
        // The same files once more into the same repository, by a writer that does not look.
        let indexed = try await bench.repository.indexed()
        let writer = BlobWriter(indexed, settings: WriterSettings())
        try await Threads.run("copy") {
            let tools = writer.tools()
            for entry in 0..<indexed.table.count where entry % 2 == 0 {
                let (id, type) = (indexed.table.blob(of: entry), indexed.table.type(of: entry))
                try indexed.blobNow(id, type).withUnsafeBytes { try writer.copy(id, type, $0, tools: tools) }
            }
        }
        _ = try await writer.finish()
        let plan = try await bench.repository.prunePlan(Bench.prune())
        #expect(plan.unusedBlobCount == (indexed.table.count + 1) / 2)
        _ = try await bench.repository.prune(Bench.prune(), locks: Bench.locks(), deletesNow: true)
        #expect(try await bench.repository.indexed().table.count == indexed.table.count)
        try await demandWhole(bench, all)
        try await bench.restic("check", "--read-data")
    }

    @Test("index files that name a pack twice are tidied up")
    func repeatedIndex() async throws {
        let (bench, all) = try await bench()
        let indexed = try await bench.repository.indexed()
        _ = try await bench.repository.save(Layout.indexes, json: IndexFile.json([indexed.table.record(ofPack: 0)]))
        #expect(try await bench.findings(.none).map(\.code) == [.packRepeated])
        try await bench.secondRun()
        #expect(try await bench.findings() == [])
        try await demandWhole(bench, all)
    }
}

extension RandomTrees {
    static func some(_ seed: UInt64) -> MemoryTree {
        var maker = RandomTrees(seed: seed)
        return maker.tree(20)
    }
}
