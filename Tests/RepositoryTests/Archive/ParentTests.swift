import Glibc
import ObjectStore
import Sealing
import TestSupport
import Testing
import Trees

@testable import Repository

@Suite("a backup with a parent snapshot")
struct ParentTests {
    private let source = ScriptedSource([
        ("one", ScriptedSource.file([1, 2, 3])), ("empty", ScriptedSource.file([])),
        ("folder", ScriptedSource.directory([("two", ScriptedSource.file([4, 5]))])),
    ])

    @Test("opens no file that is unchanged, and its tree is the parent's")
    func nothingIsRead() async throws {
        let stage = try await Stage()
        let first = try await stage.backup(source, as: "/made-up")
        #expect(source.opened.value == 3)
        let closed = ScriptedSource([
            ("one", .vanished(source.items[0].item.metadata)), ("empty", .vanished(source.items[1].item.metadata)),
            (
                "folder",
                ScriptedSource.directory([("two", .vanished(ScriptedSource.metadata(byteCount: 2)))])
            ),
        ])
        let second = try await stage.backup(closed, as: "/made-up")
        #expect(closed.opened.value == 0 && second.failureCount == 0)
        #expect(second.snapshot.tree == first.snapshot.tree && second.parent == first.id)
        let summary = try #require(second.snapshot.summary)
        #expect(summary.filesUnmodified == 3 && summary.dirsUnmodified == 1 && summary.totalBytesProcessed == 5)
        #expect(second.uploadedByteCount == 0 && summary.dataBlobs + summary.treeBlobs == 0)
    }

    /// What may be told of a file, one at a time.
    static let changes: [@Sendable (inout Metadata) -> Void] = [
        { $0.modified = Timestamp(seconds: 1_700_000_000, nanoseconds: 1) },
        { $0.changed = Timestamp(seconds: 1_700_000_000, nanoseconds: 1) },
        { $0.inode = 99 },
    ]

    @Test("reads a file again when any of mtime, ctime, inode differs", arguments: 0..<3)
    func changed(number: Int) async throws {
        let stage = try await Stage()
        try await stage.backup(source, as: "/made-up")
        var metadata = source.items[0].item.metadata
        ParentTests.changes[number](&metadata)
        let other = ScriptedSource([
            (
                "one",
                .file(metadata) { offset, room in
                    guard offset == 0 else { return 0 }
                    room.copyBytes(from: [7, 8, 9])
                    return 3
                }
            ), ("empty", .vanished(source.items[1].item.metadata)),
        ])
        let result = try await stage.backup(other, as: "/made-up")
        #expect(other.opened.value == 1)
        let node = try #require(try await stage.nodes(result.snapshot)["/one"])
        #expect(node.content == [BlobID(SHA256.digest([7, 8, 9]))])
        #expect(result.snapshot.summary?.filesChanged == 1)
    }

    @Test("takes the content over and the new metadata with it when only permissions changed")
    func metadataOnly() async throws {
        let stage = try await Stage()
        let first = try await stage.backup(source, as: "/made-up")
        var metadata = source.items[0].item.metadata
        metadata.permissions = 0o600
        metadata.userID = 42
        let other = ScriptedSource([("one", .vanished(metadata))])
        let result = try await stage.backup(other, as: "/made-up")
        #expect(other.opened.value == 0)
        let (before, after) = (
            try await stage.nodes(first.snapshot)["/one"], try await stage.nodes(result.snapshot)["/one"]
        )
        #expect(after?.metadata.permissions == 0o600 && after?.metadata.userID == 42)
        #expect(after?.content == before?.content && after?.content.isEmpty == false)
    }

    @Test("reads a file again when a blob of it is in no index any more, and heals it so")
    func blobGone() async throws {
        let stage = try await Stage()
        let first = try await stage.backup(source, as: "/made-up")
        for name in try await stage.objects(Layout.indexes) { try await stage.store.delete(name) }
        // Without index the parent's tree cannot be read either: all is new.
        let result = try await stage.backup(source, as: "/made-up")
        #expect(result.snapshot.tree == first.snapshot.tree && result.snapshot.summary?.dataBlobs == 2)
        try await stage.proveSound()
    }

    @Test("reads a file again when the parent's node promises more bytes than its content has")
    func lyingParent() async throws {
        let stage = try await Stage()
        let made = MadeSnapshot(stage)
        let blob = made.data([1, 2])
        var node = Node(name: Array("one".utf8), metadata: source.items[0].item.metadata, content: [blob])
        node.metadata.byteCount = 3
        let id = try await made.save(tree: made.tree([node]), path: "/made-up")
        let result = try await stage.backup(source, as: "/made-up")
        #expect(result.parent == id)
        let content = try await stage.nodes(result.snapshot)["/one"]?.content
        #expect(content == [BlobID(SHA256.digest([1, 2, 3]))])
    }

    @Test("chooses the newest snapshot of the same host and the same set of paths")
    func choice() async throws {
        let stage = try await Stage()
        let first = try await stage.backup(source, as: "/a")
        let other = try await stage.backup(source, as: "/b")
        let foreign = try await stage.backup(source, as: "/a") { $0.hostname = "elsewhere" }
        let second = try await stage.backup(source, as: "/a")
        #expect([other.parent, foreign.parent] == [nil, nil] && second.parent == first.id)
        let both = try await stage.backup(source, as: "/a") { $0.paths = ["/b", "/a"] }
        let turned = try await stage.backup(source, as: "/a") { $0.paths = ["/a", "/b"] }
        #expect(both.parent == nil && turned.parent == both.id)
        let none = try await stage.backup(source, as: "/a") { $0.parent = .none }
        #expect(none.parent == nil && none.snapshot.tree == first.snapshot.tree)
    }
}
