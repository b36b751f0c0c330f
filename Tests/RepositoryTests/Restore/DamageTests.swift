import Glibc
import ObjectStore
import Sealing
import TestSupport
import Testing
import Trees

@testable import Repository

@Suite("a restore from a damaged or hostile repository")
struct DamageTests {
    private func restore(_ stage: Stage, _ id: SnapshotID) async throws -> RestoreReport {
        let entry = try await stage.repository.snapshot(id)
        return try await stage.restore(entry.snapshot, at: "/", to: stage.folder("back")) { $0.verifies = false }
    }

    private func content(_ stage: Stage, _ name: String) async throws -> String {
        try await Tool.run("cat", [stage.folder("back/" + name)])
    }

    @Test("brings back all other files when a blob is missing, and names file and blob")
    func missingBlob() async throws {
        let stage = try await Stage()
        let made = MadeSnapshot(stage)
        let (there, gone) = (made.data(Array("hello".utf8)), BlobID(SHA256.digest([9])))
        let nodes = [
            MadeSnapshot.file("a", [there], byteCount: 5), MadeSnapshot.file("b", [there, gone], byteCount: 6),
            MadeSnapshot.file("c", [there], byteCount: 5),
        ]
        let report = try await restore(stage, try await made.save(tree: made.tree(nodes)))
        #expect(report.result.failureCount == 1)
        let error = try #require(report.errors.first as? RepositoryError)
        #expect(error.code == .blobMissing && error.subject == "/b" && error.message.contains(gone.hex))
        #expect(try await content(stage, "a") == "hello")
        #expect(try await content(stage, "c") == "hello")
    }

    @Test("uses the copy in another pack when one is damaged, cut short or gone", arguments: ["flip", "cut", "gone"])
    func secondCopy(damage: String) async throws {
        let stage = try await Stage()
        let made = MadeSnapshot(stage)
        let small = Array("a blob that is stored twice".utf8)
        var generator = SeededGenerator(seed: 1)
        let large = generator.bytes(2_000_000)
        let ids = [made.data(small), made.data(large)]
        let first = try await made.flush()
        made.data(small)
        made.data(large)
        let id = try await made.save(
            tree: made.tree([
                MadeSnapshot.file("large", [ids[1]], byteCount: 2_000_000),
                MadeSnapshot.file("small", [ids[0]], byteCount: UInt64(small.count)),
            ]))
        let packs = try await stage.objects(Layout.packs)
        #expect(packs.count == 3)
        for name in [Layout.pack(first[0].id)] {
            var bytes = try await stage.store.get(name)
            for place in [20, 1_000_000] { bytes[place] ^= 1 }
            switch damage {
            case "flip": try await stage.store.put(name, bytes)
            case "cut": try await stage.store.put(name, Array(bytes.prefix(10)))
            default: try await stage.store.delete(name)
            }
        }
        let report = try await restore(stage, id)
        #expect(report.messages == [] && report.result.failureCount == 0)
        #expect(try await content(stage, "small") == "a blob that is stored twice")
    }

    @Test("reports a blob whose only pack is damaged or gone with file and blob", arguments: ["flip", "gone"])
    func onlyCopy(damage: String) async throws {
        let stage = try await Stage()
        let made = MadeSnapshot(stage)
        let lost = made.data(Array("lost".utf8))
        let pack = try await made.flush()[0].id
        let kept = made.data(Array("kept".utf8))
        let id = try await made.save(
            tree: made.tree([
                MadeSnapshot.file("kept", [kept], byteCount: 4), MadeSnapshot.file("lost", [lost], byteCount: 4),
            ]))
        var bytes = try await stage.store.get(Layout.pack(pack))
        bytes[20] ^= 1
        if damage == "flip" {
            try await stage.store.put(Layout.pack(pack), bytes)
        } else {
            try await stage.store.delete(Layout.pack(pack))
        }
        let report = try await restore(stage, id)
        #expect(report.errors.count == 1)
        let error = try #require(report.errors.first as? RepositoryError)
        #expect(error.subject == "/lost" && error.message.contains(lost.short), "\(text(error))")
        #expect(try await content(stage, "kept") == "kept")
    }

    @Test("ends at once when the store cannot be reached any more")
    func unreachable() async throws {
        let stage = try await Stage()
        let source = ScriptedSource(
            (0..<500).map { ("file-\($0)", ScriptedSource.file(Array("\($0)".utf8), inode: 3)) })
        let snapshot = try await stage.backup(source, as: "/made-up").snapshot
        let gone = StoreError(.unreachable, "no connection", subject: "test", isTransient: true)
        let watched = WatchedStore(stage.store)
        let indexed = try await stage.repository.through(watched).indexed()
        let tree = try #require(snapshot.treeID)
        _ = try await indexed.tree(tree)
        watched.setHook { operation, _ async throws(StoreError) in if operation == .get { throw gone } }
        let error = await #expect(throws: StoreError.self) {
            _ = try await stage.restore(tree, of: indexed, to: stage.folder("back"))
        }
        #expect(error?.code == .unreachable)
    }

    @Test("never writes outside the target, whatever names a tree holds")
    func hostileNames() async throws {
        let stage = try await Stage()
        let made = MadeSnapshot(stage)
        let blob = made.data(Array("evil".utf8))
        let inner = made.tree([MadeSnapshot.file("inside", [blob], byteCount: 4)])
        let names = ["..", ".", "", "a/b", "/etc/evil", "../evil", "nul\0nul", "../../../../../../tmp/lifeboat-evil"]
        var nodes = names.map { MadeSnapshot.file($0, [blob], byteCount: 4) }
        nodes += names.map { MadeSnapshot.directory($0, inner) }
        nodes += names.map { MadeSnapshot.symlink($0, to: "/etc") }
        nodes.append(MadeSnapshot.file("good", [blob], byteCount: 4))
        let before = try OpenFolder(stage.folder.path).names()
        let report = try await restore(stage, try await made.save(tree: made.tree(nodes)))
        #expect(report.result.failureCount == UInt64(names.count * 3))
        #expect(report.errors.allSatisfy { ($0 as? TreeError)?.code == .unsafeName })
        #expect(try OpenFolder(stage.folder("back")).names() == [Array("good".utf8)])
        #expect(
            try OpenFolder(stage.folder.path).names()
                == (before + [Array("back".utf8)]).sorted { $0.lexicographicallyPrecedes($1) })
        #expect(access("/tmp/lifeboat-evil", F_OK) != 0 && access("/etc/evil", F_OK) != 0)
    }

    @Test(
        "stays inside when a symlink and a directory, or a file and a directory, have one name",
        arguments: [false, true])
    func sameName(directoryFirst: Bool) async throws {
        let stage = try await Stage()
        try stage.makeFolder("outside")
        let made = MadeSnapshot(stage)
        let blob = made.data(Array("evil".utf8))
        let inner = made.tree([MadeSnapshot.file("planted", [blob], byteCount: 4)])
        let pairs = [
            [MadeSnapshot.symlink("x", to: stage.folder("outside")), MadeSnapshot.directory("x", inner)],
            [MadeSnapshot.file("y", [blob], byteCount: 4), MadeSnapshot.directory("y", inner)],
        ]
        let nodes = pairs.flatMap { directoryFirst ? $0.reversed() : $0 }
        _ = try await restore(stage, try await made.save(tree: made.tree(nodes)))
        #expect(try OpenFolder(stage.folder("outside")).names() == [])
        let outside = try OpenFolder(stage.folder.path).status(Array("outside".utf8))
        #expect(outside.st_mode & 0o7777 == 0o755 && outside.st_nlink == 2)
    }

    @Test("takes the size from the content when the node lies, and says so", arguments: [0, 3, 9, 1 << 40] as [UInt64])
    func lyingSize(byteCount: UInt64) async throws {
        let stage = try await Stage()
        let made = MadeSnapshot(stage)
        let blob = made.data(Array("hello".utf8))
        let id = try await made.save(tree: made.tree([MadeSnapshot.file("a", [blob], byteCount: byteCount)]))
        let report = try await restore(stage, id)
        #expect(report.warnings.count == 1 && report.warnings.first?.subject == "/a")
        #expect(try await content(stage, "a") == "hello")
    }

    @Test(
        "reports an index that lies about a length, and writes no wrong byte",
        arguments: [1, 4, 6, 1_000_000] as [UInt32])
    func lyingIndex(plain: UInt32) async throws {
        let stage = try await Stage()
        let source = ScriptedSource([
            ("a", ScriptedSource.file([UInt8](repeating: 0x41, count: 5_000))),
            ("b", ScriptedSource.file(Array("good".utf8), inode: 2)),
        ])
        let snapshot = try await stage.backup(source, as: "/made-up").snapshot
        let name = try #require(try await stage.objects(Layout.indexes).first)
        let digest = try #require(Layout.digest(of: name))
        let json = String(decoding: try await stage.repository.load(Layout.indexes, digest), as: UTF8.self)
        #expect(json.contains("\"uncompressed_length\":5000"))
        try await stage.store.delete(name)
        let lying = json.split(separator: "\"uncompressed_length\":5000", omittingEmptySubsequences: false)
            .joined(separator: "\"uncompressed_length\":\(plain)")
        _ = try await stage.repository.save(Layout.indexes, json: Array(lying.utf8))
        let report = try await stage.restore(snapshot, at: "/", to: stage.folder("back"))
        #expect(report.errors.count == 1 && (report.errors.first as? RepositoryError)?.subject == "/a")
        #expect(try await content(stage, "b") == "good")
        let written = (try? await content(stage, "a")) ?? ""
        #expect(written.allSatisfy { $0 == "\0" }, "\(written.prefix(20))")
    }

    @Test("two indexes that disagree on a length do not make it crash or write wrong bytes")
    func disagreeingIndexes() async throws {
        let stage = try await Stage()
        let source = ScriptedSource([("a", ScriptedSource.file([UInt8](repeating: 0x41, count: 5_000)))])
        let snapshot = try await stage.backup(source, as: "/made-up").snapshot
        let name = try #require(try await stage.objects(Layout.indexes).first)
        let json = String(
            decoding: try await stage.repository.load(Layout.indexes, try #require(Layout.digest(of: name))),
            as: UTF8.self)
        for plain in [3, 7_000] {
            let lying = json.split(separator: "\"uncompressed_length\":5000", omittingEmptySubsequences: false)
                .joined(separator: "\"uncompressed_length\":\(plain)")
            _ = try await stage.repository.save(Layout.indexes, json: Array(lying.utf8))
        }
        let report = try await stage.restore(snapshot, at: "/", to: stage.folder("back"))
        let written = (try? await content(stage, "a")) ?? ""
        #expect(written == String(repeating: "A", count: 5_000) || report.result.failureCount == 1)
    }

    @Test("keeps files apart that only claim to be the same, and links those that are")
    func hardLinks() async throws {
        let stage = try await Stage()
        let made = MadeSnapshot(stage)
        let (one, other) = (made.data(Array("hello".utf8)), made.data(Array("WORLD".utf8)))
        let nodes = [
            MadeSnapshot.file("a", [one], byteCount: 5, inode: 7, links: 2),
            MadeSnapshot.file("b", [other], byteCount: 5, inode: 7, links: 2),
            MadeSnapshot.file("c", [one], byteCount: 5, inode: 8, links: 2),
            MadeSnapshot.file("d", [one], byteCount: 5, inode: 8, links: 2),
        ]
        let report = try await restore(stage, try await made.save(tree: made.tree(nodes)))
        #expect(report.messages == [])
        let folder = try OpenFolder(stage.folder("back"))
        let inodes = try ["a", "b", "c", "d"].map { try folder.status(Array($0.utf8)).st_ino }
        #expect(inodes[0] != inodes[1] && inodes[2] == inodes[3])
        #expect(try await content(stage, "b") == "WORLD")
    }

    @Test("reports a directory whose tree is gone or no tree, and restores the rest")
    func brokenTrees() async throws {
        let stage = try await Stage()
        let made = MadeSnapshot(stage)
        let blob = made.data(Array("good".utf8))
        let noTree = made.add(Array("{\"nodes\":[{]}\n".utf8), .tree)
        let nodes = [
            MadeSnapshot.directory("broken", noTree), MadeSnapshot.directory("gone", BlobID(SHA256.digest([1]))),
            MadeSnapshot.file("good", [blob], byteCount: 4),
        ]
        let report = try await restore(stage, try await made.save(tree: made.tree(nodes)))
        let codes = report.errors.compactMap { ($0 as? RepositoryError)?.code }
        #expect(codes == [.treeDamaged, .blobMissing])
        #expect(try await content(stage, "good") == "good")
    }

    @Test("ends with noSpace when the target is full")
    func noSpace() async throws {
        let stage = try await Stage()
        try stage.makeFolder("small")
        let target = stage.folder("small")
        guard geteuid() == 0, mount("tmpfs", target, "tmpfs", 0, "size=1m") == 0 else {
            return print("skipped: a small tmpfs cannot be mounted here")
        }
        defer { umount2(target, 2) }  // MNT_DETACH
        var generator = SeededGenerator(seed: 4)
        let items = (0..<8).map {
            (name: "file-\($0)", item: ScriptedSource.file(generator.bytes(400_000), inode: UInt64($0)))
        }
        let snapshot = try await stage.backup(ScriptedSource(items), as: "/made-up").snapshot
        let error = await #expect(throws: TreeError.self) { try await stage.restore(snapshot, at: "/", to: target) }
        #expect(error?.code == .noSpace)
    }
}
