import ObjectStore
import Sealing
import TestSupport
import Testing
import Trees

@testable import Repository

@Suite struct CheckTests {
    private func bench(_ count: Int = 60) async throws -> (Bench, SnapshotEntry) {
        let bench = try await Bench.make()
        var maker = RandomTrees(seed: 7)
        return (bench, try await bench.backup(maker.tree(count)))
    }

    private func codes(_ bench: Bench, _ scope: ReadDataScope = .none) async throws -> [CheckFinding.Code] {
        try await bench.findings(scope).filter { $0.severity != .note }.map(\.code)
    }

    @Test("a repository that we wrote is clean, and restic says so too")
    func clean() async throws {
        let (bench, _) = try await bench()
        #expect(try await bench.findings() == [])
        try await bench.restic("check", "--read-data")
    }

    @Test("a missing pack is an error that names it")
    func missingPack() async throws {
        let (bench, _) = try await bench()
        let name = try #require(try await bench.names(Layout.packs).first)
        try await bench.store.delete(name)
        let findings = try await bench.findings(.none)
        #expect(findings.contains { $0.code == .packMissing && $0.subject.contains(name) })
    }

    @Test("a pack that was cut short is an error")
    func truncatedPack() async throws {
        let (bench, _) = try await bench()
        let name = try #require(try await bench.names(Layout.packs).first)
        try await bench.overwrite(name) { $0.removeLast(10) }
        #expect(try await codes(bench) == [.packSize])
        let findings = try await bench.findings(.all)
        #expect(findings.contains { $0.code == .packDamaged && $0.subject.contains(name) })
    }

    @Test("a flipped bit is found only with the data read, wherever it is", arguments: [0, 100, -1, -5, -60])
    func flippedBit(_ place: Int) async throws {
        let (bench, _) = try await bench()
        let name = try await bench.pack(of: .data)
        try await bench.overwrite(name) { bytes in bytes[place < 0 ? bytes.count + place : place] ^= 4 }
        #expect(try await codes(bench) == [])
        #expect(try await codes(bench, .all).contains(.packDamaged))
    }

    @Test("a damaged index is an error, and the blobs it named are missing")
    func damagedIndex() async throws {
        let (bench, _) = try await bench()
        let name = try #require(try await bench.names(Layout.indexes).first)
        try await bench.overwrite(name) { $0[40] ^= 1 }
        let found = Set(try await codes(bench))
        #expect(found.isSuperset(of: [.indexDamaged, .blobMissing]))
    }

    @Test("a damaged or empty snapshot is an error and does not hide the others", arguments: [false, true])
    func damagedSnapshot(_ isEmpty: Bool) async throws {
        let (bench, snapshot) = try await bench()
        try await bench.backup(.directory(["data": .file([1, 2, 3])]))
        try await bench.overwrite("snapshots/\(snapshot.id.hex)") { if isEmpty { $0 = [] } else { $0[20] ^= 1 } }
        #expect(try await codes(bench) == [.snapshotDamaged])
        #expect(try await bench.repository.check().snapshotCount == 1)
    }

    @Test("a pack that no index names is a note; a leftover file and strange names are nothing")
    func strays() async throws {
        let (bench, _) = try await bench()
        try await bench.store.put(Layout.pack(PackID(SHA256.digest([9]))), [9])
        try await bench.store.put("data/00/README", [1])
        try await bench.store.put("data/00/\(String(repeating: "0", count: 64)).tmp", [1])
        try await bench.store.put("lifeboat/points/x", [1])
        let findings = try await bench.findings()
        #expect(findings.map(\.code) == [.packUnindexed])
        #expect(findings.map(\.severity) == [.note])
    }

    @Test("a truncated key file is an error with its name")
    func key() async throws {
        let (bench, _) = try await bench()
        let digest = try await bench.repository.addKey(
            password: Bench.secret("second"), parameters: ScryptParameters(n: 1024, r: 8, p: 1),
            owner: KeyOwner(username: "a", hostname: "b", created: "2026-01-01T00:00:00Z"))
        try await bench.overwrite("keys/\(digest.hex)") { $0.removeLast(20) }
        let findings = try await bench.findings(.none)
        #expect(findings.contains { $0.code == .keyDamaged && $0.subject.contains(digest.hex) })
    }

    @Test("an unreadable removal list and an unreadable lock are notes")
    func notes() async throws {
        let (bench, _) = try await bench()
        try await bench.store.put("lifeboat/removals/000000000001-00000000", [1, 2, 3])
        let junk: [UInt8] = [1, 2, 3]
        try await bench.store.put("locks/\(SHA256.digest(junk).hex)", junk)
        let findings = try await bench.findings(.none)
        #expect(Set(findings.map(\.code)) == [.removalListUnreadable, .lockUnreadable])
        #expect(findings.allSatisfy { $0.severity == .note })
    }

    @Test("parts of the data are those restic reads, and all parts together are everything")
    func parts() async throws {
        let (bench, _) = try await bench(200)
        let packs = try await bench.names(Layout.packs).compactMap { Layout.digest(of: $0) }
        #expect(packs.count > 8)
        var sum = 0
        for part in 1...3 {
            var settings = CheckSettings()
            settings.readData = .part(part, of: 3)
            let report = try await bench.repository.check(settings)
            #expect(report.readPackCount == packs.filter { Int($0.bytes[0]) % 3 == part - 1 }.count)
            sum += report.readPackCount
        }
        #expect(sum == packs.count)
    }

    @Test("the same seed draws the same packs, and all of them at 100 %")
    func percent() async throws {
        let (bench, _) = try await bench(200)
        func read(_ percent: Double, _ seed: UInt64) async throws -> UInt64 {
            var settings = CheckSettings()
            settings.readData = .percent(percent, seed: seed)
            return try await bench.repository.check(settings).readByteCount
        }
        let half = try await read(50, 1)
        #expect(try await read(50, 1) == half)
        let all = try await bench.store.list(prefix: Layout.packs).reduce(0) { $0 + $1.byteCount }
        #expect(try await read(100, 1) == all)
        #expect(half > 0 && half < all)
    }

    @Test(
        "a scope that makes no sense is refused",
        arguments: [
            ReadDataScope.part(0, of: 2), .part(3, of: 2), .part(1, of: 300), .percent(0, seed: 1),
            .percent(101, seed: 1), .percent(.nan, seed: 1),
        ])
    func scopes(_ scope: ReadDataScope) async throws {
        let (bench, _) = try await bench(1)
        var settings = CheckSettings()
        settings.readData = scope
        await #expect { try await bench.repository.check(settings) } throws: {
            ($0 as? RepositoryError)?.code == .invalidArgument
        }
    }

    @Test("what restic backs up is clean for us")
    func resticWrites() async throws {
        let (bench, _) = try await bench(20)
        let source = try TemporaryFolder("source")
        _ = try await Tool.run(
            "sh",
            ["-c", "cd \(source.path) && mkdir d && echo one > a && ln a b && echo two > d/c && ln -s a l && mkfifo p"])
        try await bench.restic("backup", source.path)
        try await bench.restic("backup", source.path)
        #expect(try await bench.findings() == [])
    }

    @Test("names, sizes and times that no file system gives are reported with their path")
    func nodes() async throws {
        let bench = try await Bench.make()
        func file(_ name: String, size: UInt64 = 0, year: Int64 = 0) -> Node {
            Node(
                name: Array(name.utf8),
                metadata: Metadata(
                    kind: .file, permissions: 0o644, modified: Timestamp(seconds: year * 31_557_600), byteCount: size))
        }
        let sub = try await bench.store(tree: [
            file("b"), file("a"), file("a"), file(".."), file(""), file("x/y"), file("z", size: 9),
            file("zz", year: 1000),
        ])
        var directory = file("dir")
        directory.metadata.kind = .directory
        directory.subtree = sub
        let root = try await bench.store(tree: [directory])
        _ = try await bench.repository.save(Snapshot(time: "2026-01-01T00:00:00Z", tree: root, paths: ["/dir"]))
        let findings = try await bench.findings()
        #expect(findings.filter { $0.code == .treeName }.count >= 5)
        #expect(findings.filter { $0.code == .fileSize }.map(\.subject).allSatisfy { $0.hasPrefix("/dir/z ") })
        #expect(findings.filter { $0.code == .fileSize }.count == 1)
        #expect(findings.filter { $0.code == .timeUnusable }.count == 1)
    }
}

extension Bench {
    /// Stores a tree of any nodes, in their order, and gives its ID.
    func store(tree nodes: [Node]) async throws -> BlobID {
        var builder = TreeBuilder()
        for node in nodes { builder.append(node) }
        return try await store(blob: builder.finish(), .tree)
    }

    /// Name of the first pack that holds blobs of a type and waits for nothing.
    func pack(of type: BlobType) async throws -> String {
        let table = try await repository.indexed().table
        let numbers = table.packs.indices.sorted { table.packs[$0] < table.packs[$1] }
        let number = numbers.first {
            !table.retired.contains($0) && table.type(of: table.entries(ofPack: $0).lowerBound) == type
        }
        guard let number else {
            fatalError("no pack of \(type.name) blobs")
        }
        return Layout.pack(table.packs[number])
    }

    /// Stores one blob.
    func store(blob bytes: [UInt8], _ type: BlobType) async throws -> BlobID {
        let writer = BlobWriter(try await repository.indexed(), settings: WriterSettings())
        let id = try await Threads.run("store") {
            try bytes.withUnsafeBytes { try writer.store($0, type, tools: writer.tools()).id }
        }
        _ = try await writer.finish()
        return id
    }
}
