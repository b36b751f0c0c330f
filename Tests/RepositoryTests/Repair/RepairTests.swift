import ObjectStore
import Sealing
import Testing
import Trees

@testable import Repository

extension Bench {
    @discardableResult
    func repairIndex(readsAllPacks: Bool = false, isDryRun: Bool = false) async throws -> IndexRepair {
        try await repository.locked(.exclusive, Bench.locks()) {
            try await repository.repairIndex(readsAllPacks: readsAllPacks, isDryRun: isDryRun, under: $0)
        }
    }

    @discardableResult
    func repairPacks(_ ids: [PackID], isDryRun: Bool = false) async throws -> [PackRepair] {
        try await repository.locked(.exclusive, Bench.locks()) {
            try await repository.repairPacks(ids, isDryRun: isDryRun, under: $0)
        }
    }

    @discardableResult
    func repairSnapshots(forgets: Bool = true, isDryRun: Bool = false) async throws -> [SnapshotRepair] {
        try await repository.locked(.exclusive, Bench.locks()) {
            try await repository.repairSnapshots(forgets: forgets, isDryRun: isDryRun, under: $0)
        }
    }
}

@Suite struct RepairIndexTests {
    private func bench() async throws -> (Bench, SnapshotEntry, MemoryTree) {
        let bench = try await Bench.make()
        var maker = RandomTrees(seed: 41)
        let tree = maker.tree(40)
        return (bench, try await bench.backup(tree), tree)
    }

    private func demandWhole(_ bench: Bench, _ snapshot: SnapshotEntry, _ tree: MemoryTree) async throws {
        #expect(try await bench.findings() == [])
        #expect(try await bench.read(snapshot) == tree.files)
        try await bench.restic("check", "--read-data")
    }

    @Test(
        "an index is the same after it was written anew from the packs", arguments: ["deleted", "damaged", "emptied"])
    func lostIndex(_ how: String) async throws {
        let (bench, snapshot, tree) = try await bench()
        let before = try await bench.repository.indexed().table
        let records = Set(before.packs.indices.map { before.record(ofPack: $0) })
        for name in try await bench.names(Layout.indexes) {
            switch how {
            case "deleted": try await bench.store.delete(name)
            case "damaged": try await bench.overwrite(name) { $0[17] ^= 1 }
            default: try await bench.overwrite(name) { $0 = [1] }
            }
        }
        let dry = try await bench.repairIndex(isDryRun: true)
        #expect(dry.addedPacks.count == records.count)
        let repair = try await bench.repairIndex()
        #expect(repair == dry)
        let after = try await bench.repository.indexed().table
        #expect(Set(after.packs.indices.map { after.record(ofPack: $0) }) == records)
        try await demandWhole(bench, snapshot, tree)
        #expect(try await bench.repairIndex(readsAllPacks: true).isEmpty)
    }

    @Test("a pack that is gone is forgotten, so that restic says only what is missing")
    func missingPack() async throws {
        let (bench, _, _) = try await bench()
        let name = try await bench.pack(of: .data)
        try await bench.store.delete(name)
        let repair = try await bench.repairIndex()
        #expect(repair.missingPacks == [String(name.suffix(64))])
        let findings = try await bench.findings()
        #expect(Set(findings.map(\.code)) == [.blobMissing])
        #expect(try await bench.repairIndex().isEmpty)
    }

    @Test("index files that disagree are settled by the pack itself")
    func conflict() async throws {
        let (bench, snapshot, tree) = try await bench()
        let table = try await bench.repository.indexed().table
        var wrong = table.record(ofPack: 0)
        wrong.blobs.removeLast()
        _ = try await bench.repository.save(Layout.indexes, json: IndexFile.json([wrong]))
        #expect(try await bench.findings(.none).map(\.code).contains(.indexConflict))
        #expect(try await bench.repairIndex().correctedPacks == [wrong.id.hex])
        try await demandWhole(bench, snapshot, tree)
    }

    @Test("a length that is wrong in the index only is put right from the header")
    func wrongLength() async throws {
        let bench = try await Bench.copy(ofVector: "negative/wrong-length-index")
        #expect(try await bench.repairIndex().isEmpty)
        let repair = try await bench.repairIndex(readsAllPacks: true)
        #expect(repair.correctedPacks.count == 1)
        #expect(try await bench.errors() == [])
    }

    /// The lock of a process that was killed, or that could not delete it any more.
    private func unlock(_ bench: Bench) async throws {
        _ = try await bench.repository.unlock(
            all: true, now: Timestamp(seconds: 0), hostname: "", isAlive: { _ in true })
    }

    @Test("a kill at any point of a repair of the index loses nothing")
    func sweep() async throws {
        for place in 0..<50 {
            let (bench, snapshot, tree) = try await bench()
            let table = try await bench.repository.indexed().table
            var wrong = table.record(ofPack: 0)
            wrong.blobs.removeLast()
            _ = try await bench.repository.save(Layout.indexes, json: IndexFile.json([wrong]))
            let killed = bench.through(StoppingStore(bench.store, after: place))
            do {
                try await killed.repairIndex()
                try await unlock(bench)
                return try await demandWhole(bench, snapshot, tree)
            } catch let error as StoreError where error.code == .failed {
                try await unlock(bench)
                #expect(try await bench.read(snapshot) == tree.files)
                try await bench.repairIndex()
                #expect(try await bench.errors() == [])
            }
        }
        Issue.record("50 operations were not enough")
    }
}

@Suite struct RepairPacksTests {
    @Test("whole blobs of a damaged pack are saved, the rest is named, and repaired snapshots do without it")
    func damagedPack() async throws {
        let bench = try await Bench.make()
        var maker = RandomTrees(seed: 43)
        let tree = maker.tree(40)
        let snapshot = try await bench.backup(tree)
        let table = try await bench.repository.indexed().table
        let name = try await bench.pack(of: .data)
        let pack = try #require(Layout.digest(of: name).map(PackID.init))
        let record = table.record(ofPack: try #require(table.packs.firstIndex(of: pack)))
        let victim = record.blobs[record.blobs.count / 2]
        try await bench.overwrite(name) { $0[Int(victim.offset) + 20] ^= 1 }

        let dry = try await bench.repairPacks([pack], isDryRun: true)
        #expect(try await bench.names(name).count == 1)
        let repairs = try await bench.repairPacks([pack])
        #expect(repairs == dry)
        #expect(repairs.map(\.lostBlobs) == [[victim.id.hex]])
        #expect(repairs.map(\.savedBlobCount) == [record.blobs.count - 1])
        #expect(try await bench.names(name) == [])

        #expect(Set(try await bench.findings().map(\.code)) == [.blobMissing])
        let lost = tree.files.filter { SHA256.digest($0.value) == victim.id.digest }.keys
        let repaired = try await bench.repairSnapshots()
        #expect(Set(repaired.flatMap(\.changes).map(\.path)) == Set(lost))
        #expect(try await bench.findings() == [])
        try await bench.restic("check", "--read-data")

        let after = try #require(try await bench.repository.snapshots().entries.first)
        #expect(after.snapshot.original == snapshot.id.hex)
        #expect(after.snapshot.tags == ["repaired"])
        var expected = tree.files
        for path in lost { expected[path] = [] }
        #expect(try await bench.read(after) == expected)
    }

    @Test("a kill at any point of a repair of packs loses nothing more, and the repair can be run again")
    func sweep() async throws {
        for place in 0..<60 {
            let bench = try await Bench.make()
            var maker = RandomTrees(seed: 48)
            let tree = maker.tree(12)
            let snapshot = try await bench.backup(tree)
            let name = try await bench.pack(of: .data)
            let pack = try #require(Layout.digest(of: name).map(PackID.init))
            try await bench.overwrite(name) { $0[20] ^= 1 }
            let killed = bench.through(StoppingStore(bench.store, after: place))
            var isDone = false
            do {
                try await killed.repairPacks([pack])
                isDone = true
            } catch let error as StoreError where error.code == .failed {}
            _ = try await bench.repository.unlock(
                all: true, now: Timestamp(seconds: 0), hostname: "", isAlive: { _ in true })
            try await bench.repairPacks([pack])
            #expect(try await bench.repairSnapshots().flatMap(\.changes).count == 1, "killed at operation \(place)")
            #expect(try await bench.errors() == [])
            let after = try #require(try await bench.repository.snapshots().entries.first)
            let files = try await bench.read(after)
            #expect(after.id != snapshot.id && files.filter { tree.files[$0.key] != $0.value }.count == 1)
            if isDone {
                #expect(place > 3)
                return
            }
        }
        Issue.record("60 operations were not enough")
    }

    @Test(
        "damaged vectors are sound after repairs",
        arguments: ["bit-flip", "gap-in-pack", "wrong-length-both", "content-null", "time-without-zone"])
    func vectors(_ name: String) async throws {
        let bench = try await Bench.copy(ofVector: "negative/\(name)")
        let report = try await bench.repository.check(
            {
                var settings = CheckSettings()
                settings.readData = .all
                return settings
            }())
        try await bench.repairIndex()
        if !report.damagedPacks.isEmpty {
            let repairs = try await bench.repairPacks(report.damagedPacks.compactMap { PackID(hex: $0) })
            if name != "bit-flip" { #expect(repairs.flatMap(\.lostBlobs) == []) }
        }
        try await bench.repairSnapshots()
        #expect(try await bench.errors() == [])
    }

    @Test("a wrong length that index and pack agree on is found out and put right")
    func trueLength() async throws {
        let bench = try await Bench.copy(ofVector: "negative/wrong-length-both")
        let report = try await bench.repository.check(
            {
                var settings = CheckSettings()
                settings.readData = .all
                return settings
            }())
        try await bench.repairPacks(report.damagedPacks.compactMap { PackID(hex: $0) })
        #expect(try await bench.errors() == [])
        let snapshot = try #require(try await bench.repository.snapshots().entries.first)
        #expect(try await bench.read(snapshot).values.contains(Array("helloWORLD".utf8)))
    }

    @Test("a pack that is gone is taken out of the index and its blobs are named")
    func missing() async throws {
        let bench = try await Bench.make()
        try await bench.backup(RandomTrees.some(44))
        let name = try await bench.pack(of: .data)
        try await bench.store.delete(name)
        let repairs = try await bench.repairPacks([try #require(Layout.digest(of: name).map(PackID.init))])
        #expect(repairs.map(\.isMissing) == [true] && repairs.first?.lostBlobs.isEmpty == false)
        #expect(Set(try await bench.findings().map(\.code)) == [.blobMissing])
    }

    @Test("while the index is damaged, packs are not touched")
    func refused() async throws {
        let bench = try await Bench.make()
        try await bench.backup(RandomTrees.some(45))
        try await bench.overwrite(try #require(try await bench.names(Layout.indexes).first)) { $0[3] ^= 1 }
        await #expect { try await bench.repairPacks([]) } throws: {
            ($0 as? RepositoryError)?.code == .unsafeToContinue
        }
    }
}

@Suite struct RepairSnapshotsTests {
    private func directory(_ name: String, _ tree: BlobID) -> Node {
        Node(
            name: Array(name.utf8),
            metadata: Metadata(kind: .directory, permissions: 0o755, modified: Timestamp(seconds: 1)),
            subtree: tree)
    }

    private func file(_ name: String, _ content: [BlobID], _ byteCount: UInt64) -> Node {
        let metadata = Metadata(
            kind: .file, permissions: 0o644, modified: Timestamp(seconds: 1), byteCount: byteCount)
        return Node(name: Array(name.utf8), metadata: metadata, content: content)
    }

    private func save(_ bench: Bench, _ root: BlobID) async throws -> SnapshotID {
        try await bench.repository.save(Snapshot(time: "2026-01-01T00:00:00Z", tree: root, paths: ["/d"]))
    }

    @Test("a sound repository is left alone")
    func sound() async throws {
        let bench = try await Bench.make()
        try await bench.backup(RandomTrees.some(46))
        let before = try await bench.names("")
        #expect(try await bench.repairSnapshots().isEmpty)
        #expect(try await bench.names("") == before)
    }

    @Test("sizes, names, order, lost blobs and lost directories are put right, the rest stays byte for byte")
    func everything() async throws {
        let bench = try await Bench.make()
        let data = try await bench.store(blob: [1, 2, 3], .data)
        let lost = BlobID(SHA256.digest([99]))
        let sub = try await bench.store(tree: [
            file("z", [data], 3), file("a", [data, lost, data], 9), file("a", [data], 3), file("..", [data], 3),
            file("size", [data], 77), directory("gone", lost),
        ])
        let good = try await bench.store(tree: [file("fine", [data], 3)])
        let root = try await bench.store(tree: [directory("bad", sub), directory("good", good)])
        let old = try await save(bench, root)
        let dry = try await bench.repairSnapshots(isDryRun: true)
        #expect(dry.count == 1 && dry.first?.replacement == nil)
        let repair = try #require(try await bench.repairSnapshots(forgets: false).first)
        #expect(repair.changes == dry.first?.changes && repair.changes.count == 5)
        #expect(try await bench.names("snapshots/\(old.hex)").count == 1)
        let id = try #require(repair.replacement.flatMap { SnapshotID(hex: $0) })
        let entry = try await bench.repository.snapshot(id)
        let files = try await bench.read(entry)
        #expect(
            files == [
                "/bad/a": [1, 2, 3, 1, 2, 3], "/bad/size": [1, 2, 3], "/bad/z": [1, 2, 3], "/good/fine": [1, 2, 3],
            ])
        let indexed = try await bench.repository.indexed()
        #expect(try await indexed.node(at: [Array("good".utf8)], in: entry.tree)?.subtree == good)
        try await bench.repository.forget([old])
        #expect(try await bench.errors() == [])
        try await bench.restic("check", "--read-data")
    }

    @Test("a snapshot of which nothing can be read goes only when it may be forgotten")
    func lostSnapshot() async throws {
        let bench = try await Bench.make()
        try await bench.backup(RandomTrees.some(47))
        let id = try await save(bench, BlobID(SHA256.digest([5])))
        let kept = try await bench.repairSnapshots(forgets: false)
        #expect(kept.map(\.isLost) == [true] && kept.map(\.isForgotten) == [false])
        #expect(try await bench.names("snapshots/\(id.hex)").count == 1)
        #expect(try await bench.repairSnapshots(forgets: true).map(\.isForgotten) == [true])
        #expect(try await bench.findings() == [])
    }
}
