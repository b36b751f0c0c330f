import Glibc
import Sealing
import TestSupport
import Testing
import Trees

@testable import Repository

@Suite("a backup reads")
struct ReadingTests {
    /// Backs up made-up items and gives the nodes by path.
    private func nodes(
        _ stage: Stage, _ items: [(name: String, item: ScriptedSource.Item)],
        change: (inout BackupSettings) -> Void = { _ in }
    ) async throws -> [String: Node] {
        try await stage.nodes(try await stage.backup(ScriptedSource(items), as: "/made-up", change: change).snapshot)
    }

    /// The bytes of a file, put together from its blobs.
    private func bytes(_ node: Node?, in indexed: IndexedRepository) async throws -> [UInt8] {
        try await #require(node).content.asyncMap { try await indexed.blob($0, .data) }.flatMap { $0 }
    }

    @Test("every size around the borders of chunks and buffers back to the same bytes", arguments: [false, true])
    func borders(usesRabin: Bool) async throws {
        let stage = try await Stage()
        var generator = SeededGenerator(seed: 21)
        let all = generator.bytes(21 << 20)
        let borders = [0, 4_096, 65_536, 512 << 10, 1 << 20, 2 << 20, 4 << 20, 8 << 20, 12 << 20, 16 << 20, 20 << 20]
        let sizes = Set(borders.flatMap { [$0 - 1, $0, $0 + 1] }.filter { $0 >= 0 })
        let items = sizes.map { (name: "\($0)", item: ScriptedSource.file(Array(all.prefix($0)), inode: UInt64($0))) }
        let nodes = try await nodes(stage, items) { $0.archive.usesRabin = usesRabin }
        let indexed = try await stage.repository.indexed()
        for size in sizes {
            let node = try #require(nodes["/\(size)"])
            #expect(node.metadata.byteCount == UInt64(size))
            let read = try await bytes(node, in: indexed)
            #expect(read == Array(all.prefix(size)), "\(size) bytes")
        }
    }

    @Test("a large file of zeros, whose chunks have the largest size there is")
    func zeros() async throws {
        let stage = try await Stage()
        let count = UInt64(50_000_003)
        let item = ScriptedSource.Item.file(ScriptedSource.metadata(byteCount: count)) { offset, room in
            let length = min(room.count, Int(count - offset))
            room.baseAddress?.initializeMemory(as: UInt8.self, repeating: 0, count: length)
            return length
        }
        let result = try await stage.backup(ScriptedSource([("zeros", item)]), as: "/made-up")
        let node = try #require(try await stage.nodes(result.snapshot)["/zeros"])
        #expect(node.metadata.byteCount == count && Set(node.content).count == 2)
        #expect(result.snapshot.summary?.dataBlobs == 2)
        try await stage.restore(result.snapshot, at: "/", to: stage.folder("back"))
        var status = stat()
        #expect(stat(stage.folder("back/zeros"), &status) == 0)
        #expect(status.st_size == Int(count) && status.st_blocks < 100, "zeros come back as a hole")
    }

    @Test("a growing file as large as it was when it was opened")
    func growing() async throws {
        let stage = try await Stage()
        let endless = ScriptedSource.Item.file(ScriptedSource.metadata(byteCount: 5_000_000)) { _, room in
            room.baseAddress?.initializeMemory(as: UInt8.self, repeating: 7, count: room.count)
            return room.count
        }
        let nodes = try await nodes(stage, [("endless", endless)])
        #expect(nodes["/endless"]?.metadata.byteCount == 5_000_000)
        let indexed = try await stage.repository.indexed()
        #expect(try await bytes(nodes["/endless"], in: indexed).count == 5_000_000)
    }

    @Test("a shrinking file to its present end, and its node says so")
    func shrinking() async throws {
        let stage = try await Stage()
        let short = ScriptedSource.Item.file(ScriptedSource.metadata(byteCount: 5_000_000)) { offset, room in
            let count = min(room.count, max(0, 100 - Int(offset)))
            room.baseAddress?.initializeMemory(as: UInt8.self, repeating: 7, count: count)
            return count
        }
        let nodes = try await nodes(stage, [("short", short), ("next", ScriptedSource.file([1]))])
        #expect(nodes["/short"]?.metadata.byteCount == 100)
        let indexed = try await stage.repository.indexed()
        #expect(try await bytes(nodes["/short"], in: indexed) == [UInt8](repeating: 7, count: 100))
    }

    @Test("what is readable, reports the rest by name and leaves it out")
    func unreadable() async throws {
        let stage = try await Stage()
        let said = Said()
        let broken = ScriptedSource.Item.file(ScriptedSource.metadata(byteCount: 9_000_000)) {
            offset, room throws(TreeError) in
            if offset > 4_500_000 { throw TreeError(.failed, "input/output error", subject: "/broken") }
            room.baseAddress?.initializeMemory(as: UInt8.self, repeating: 9, count: room.count)
            return room.count
        }
        let items: [(name: String, item: ScriptedSource.Item)] = [
            ("broken", broken), ("gone", .vanished(ScriptedSource.metadata(byteCount: 4))),
            ("gone-folder", .vanished(ScriptedSource.metadata(.directory))), ("whole", ScriptedSource.file([1, 2])),
            ("folder", ScriptedSource.directory([("gone", .vanished(ScriptedSource.metadata(byteCount: 4)))])),
        ]
        let result = try await stage.backup(ScriptedSource(items), as: "/made-up") { settings in
            settings.archive.report = { said.add(error: $0) }
        }
        #expect(result.failureCount == 4)
        #expect(
            said.errors.compactMap { ($0 as? TreeError)?.subject }.sorted() == [
                "/broken", "gone", "gone", "gone-folder",
            ])
        let nodes = try await stage.nodes(result.snapshot)
        #expect(nodes.keys.sorted() == ["/folder", "/whole"])
        try await stage.proveSound()
    }

    @Test("a file whose owner has shut it, one that was replaced, and a folder that went, on a real disk")
    func realDisk() async throws {
        let stage = try await Stage()
        let maker = try stage.makeFolder("tree")
        for name in ["a-first", "b-replaced", "c-vanishes", "d-last"] { try maker.file(name, name) }
        try maker.directory("c-folder").file("inside", "x")
        let path = stage.folder("tree")
        // The listing is made before the first file is opened: by then the others have changed.
        let real = try LocalTreeSource(paths: [Array(path.utf8)])
        let source = Meddling(real) {
            unlink(path + "/b-replaced")
            symlink("/etc/passwd", path + "/b-replaced")
            unlink(path + "/c-vanishes")
            unlink(path + "/c-folder/inside")
            rmdir(path + "/c-folder")
        }
        let said = Said()
        let result = try await stage.backup(source, as: path) { $0.archive.report = { said.add(error: $0) } }
        let nodes = try await stage.nodes(result.snapshot, at: path)
        #expect(nodes.keys.sorted() == ["/a-first", "/d-last"], "\(said.errors.map(text))")
        #expect(result.failureCount == 3)
        #expect(
            said.errors.map { "\(($0 as? TreeError)?.subject ?? "")" }.sorted() == [
                path + "/b-replaced", path + "/c-folder", path + "/c-vanishes",
            ])
    }

    @Test("empty directories, wide ones and deep ones")
    func shapes() async throws {
        let stage = try await Stage()
        var deep = ScriptedSource.directory([])
        for level in 0..<300 { deep = ScriptedSource.directory([("level-\(level)", deep)]) }
        let wide = (0..<5_000).map { (name: "file-\($0)", item: ScriptedSource.file(Array("\($0 % 50)".utf8))) }
        let result = try await stage.backup(
            ScriptedSource([
                ("deep", deep), ("wide", ScriptedSource.directory(wide)), ("none", ScriptedSource.directory([])),
            ]),
            as: "/made-up")
        let nodes = try await stage.nodes(result.snapshot)
        #expect(nodes.count == 300 + 5_000 + 3)
        #expect(nodes["/none"]?.subtree == BlobID(SHA256.digest(Array("{\"nodes\":[]}\n".utf8))))
        let summary = try #require(result.snapshot.summary)
        #expect(summary.filesNew == 5_000 && summary.dirsNew == 303 && summary.dataBlobs == 50)
        if Restic.isExpected { try await stage.restic.check() }
    }

    @Test("equal content once, however many files hold it and however many threads store it")
    func deduplication() async throws {
        let stage = try await Stage()
        var generator = SeededGenerator(seed: 3)
        let content = generator.bytes(2_500_000)
        let items = (0..<12).map { (name: "copy-\($0)", item: ScriptedSource.file(content, inode: UInt64($0))) }
        let result = try await stage.backup(ScriptedSource(items), as: "/made-up") { $0.archive.writer.threadCount = 4 }
        let nodes = try await stage.nodes(result.snapshot)
        let unique = Set(nodes.values.flatMap(\.content))
        #expect(Set(nodes.values.map(\.content)).count == 1)
        #expect(result.snapshot.summary?.dataBlobs == UInt64(unique.count))
        let indexed = try await stage.repository.indexed()
        #expect(indexed.table.count == unique.count + 1, "no blob is stored twice")
        #expect(result.uploadedByteCount < 2_600_000)
    }

    @Test("nothing into the store when it is a dry run, and counts as if it did")
    func dryRun() async throws {
        let stage = try await Stage()
        let source = ScriptedSource([("one", ScriptedSource.file([1, 2, 3]))])
        let before = try await stage.objects("")
        let dry = try await stage.backup(source, as: "/made-up") { $0.archive.isDryRun = true }
        #expect(dry.id == nil && dry.uploadedByteCount == 0)
        #expect(try await stage.objects("") == before)
        let real = try await stage.backup(source, as: "/made-up")
        #expect(dry.snapshot.tree == real.snapshot.tree)
        #expect(
            dry.snapshot.summary?.dataBlobs == 1 && dry.snapshot.summary?.dataAdded == real.snapshot.summary?.dataAdded)
    }
}

/// A source that lets something happen after a directory of several entries was listed.
private final class Meddling: TreeSource {
    private let source: any TreeSource
    private let meddle: @Sendable () -> Void

    init(_ source: any TreeSource, _ meddle: @escaping @Sendable () -> Void) {
        self.source = source
        self.meddle = meddle
    }

    func root() throws(TreeError) -> any SourceDirectory { Directory(try source.root(), meddle) }

    private final class Directory: SourceDirectory {
        let directory: any SourceDirectory
        let meddle: @Sendable () -> Void

        init(_ directory: any SourceDirectory, _ meddle: @escaping @Sendable () -> Void) {
            self.directory = directory
            self.meddle = meddle
        }

        func entries() throws(TreeError) -> SourceListing {
            let listing = try directory.entries()
            if listing.entries.count > 1 { meddle() }
            return listing
        }
        func details(of entry: SourceEntry) throws(TreeError) -> NodeDetails { try directory.details(of: entry) }
        func open(_ entry: SourceEntry) throws(TreeError) -> any SourceFile { try directory.open(entry) }
        func directory(_ entry: SourceEntry) throws(TreeError) -> any SourceDirectory {
            Directory(try directory.directory(entry), meddle)
        }
    }
}
