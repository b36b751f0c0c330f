import Chunking
import Glibc
import Sealing
import TestSupport
import Testing
import Trees

@testable import Repository

@Suite("a source that pushes its files")
struct StreamTests {
    /// Runs a closure as a source.
    private struct Pushed: StreamSource {
        let body: @Sendable (any StreamSink) throws -> Void

        func stream(into sink: any StreamSink) throws { try body(sink) }
    }

    private static func path(_ text: String) -> [[UInt8]] { text.split(separator: "/").map { Array($0.utf8) } }

    private static func file(_ byteCount: UInt64 = 0) -> Metadata {
        Metadata(
            kind: .file, permissions: 0o640, modified: Timestamp(seconds: 1_700_000_000), userID: 7, groupID: 8,
            byteCount: byteCount)
    }

    private static func backup(
        _ stage: Stage, _ body: @escaping @Sendable (any StreamSink) throws -> Void
    ) async throws -> BackupResult {
        try await stage.repository.backup(Pushed(body: body), stage.settings("/pushed"), locks: Stage.locks)
    }

    @Test("files come back as they were pushed, however they were interleaved, with directories nobody named")
    func interleaved() async throws {
        let stage = try await Stage()
        var generator = SeededGenerator(seed: 91)
        let (one, other) = (generator.bytes(3_000_001), generator.bytes(70_000))
        let result = try await StreamTests.backup(stage) { sink in
            let large = try sink.file(StreamTests.path("z/large"), StreamTests.file(3_000_001), chunking: .files)
            let small = try sink.file(StreamTests.path("a/deep/small"), StreamTests.file(), chunking: .pages)
            for start in stride(from: 0, to: one.count, by: 40_000) {
                try large.write(Array(one[start..<min(one.count, start + 40_000)]))
                if start / 40 < other.count {
                    try small.write(Array(other[start / 40..<min(other.count, start / 40 + 1000)]))
                }
            }
            try small.finish()
            try sink.symlink(
                StreamTests.path("a/link"),
                Metadata(kind: .symlink, permissions: 0o777, modified: Timestamp(seconds: 5)), target: [0xFF, 0x2F])
            try sink.directory(
                StreamTests.path("a/deep"),
                Metadata(kind: .directory, permissions: 0o700, modified: Timestamp(seconds: 9)))
            try sink.file(StreamTests.path("a/empty"), StreamTests.file(), holding: [])
            try large.finish()
        }
        #expect(result.failureCount == 0 && result.snapshot.summary?.totalFilesProcessed == 3)
        let nodes = try await stage.nodes(result.snapshot, at: "/")
        #expect(Set(nodes.keys) == ["/a", "/a/deep", "/a/deep/small", "/a/empty", "/a/link", "/z", "/z/large"])
        #expect(
            nodes["/z/large"]?.metadata.byteCount == 3_000_001 && nodes["/a/deep/small"]?.metadata.byteCount == 70_000)
        #expect(nodes["/z/large"]?.metadata.permissions == 0o640 && nodes["/z/large"]?.metadata.userID == 7)
        #expect(nodes["/a/deep"]?.metadata.permissions == 0o700 && nodes["/a"]?.metadata.permissions == 0o755)
        #expect(nodes["/a/link"]?.details.linkTarget == [0xFF, 0x2F])
        #expect(nodes["/a/deep/small"]?.content.count == 2, "64 KiB and the rest")
        let indexed = try await stage.repository.indexed()
        var bytes = [UInt8]()
        for id in nodes["/z/large"]?.content ?? [] { bytes += try await indexed.blob(id, .data) }
        #expect(bytes == one)
        try await stage.restic.check()
    }

    @Test("what was pushed before is not stored again, and cuts do not depend on how the bytes were handed over")
    func again() async throws {
        let stage = try await Stage()
        var generator = SeededGenerator(seed: 92)
        let content = generator.bytes(5_000_000)
        var results = [BackupResult]()
        for piece in [4096, 1_234_567, 5_000_000] {
            results.append(
                try await StreamTests.backup(stage) { sink in
                    let file = try sink.file(StreamTests.path("db/dump"), StreamTests.file(), chunking: .dump)
                    for start in stride(from: 0, to: content.count, by: piece) {
                        try file.write(Array(content[start..<min(content.count, start + piece)]))
                    }
                    try file.finish()
                })
        }
        #expect(results[0].snapshot.summary?.dataBlobs ?? 0 > 70)
        #expect(results[1].snapshot.summary?.dataBlobs == 0 && results[2].snapshot.summary?.dataBlobs == 0)
        var contents = Set<[BlobID]>()
        for result in results {
            contents.insert(try #require(try await stage.nodes(result.snapshot)["/db/dump"]).content)
        }
        #expect(contents.count == 1)
    }

    @Test(
        "a stream that is wrong makes no snapshot",
        arguments: [
            ("the stream holds this path twice", ["a/b", "a/b"], true),
            ("the stream holds this path twice", ["a", "a/b"], true),
            ("the stream holds a path that cannot be one", ["a/../b"], true),
            ("the stream holds a path that cannot be one", [""], true),
            ("the stream ended within 1 of its files", ["a"], false),
        ])
    func wrong(message: String, paths: [String], finishes: Bool) async throws {
        let stage = try await Stage()
        let error = await #expect(throws: RepositoryError.self) {
            _ = try await StreamTests.backup(stage) { sink in
                for path in paths {
                    let file = try sink.file(StreamTests.path(path), StreamTests.file(), chunking: .files)
                    try file.write([1])
                    if finishes { try file.finish() }
                }
            }
        }
        #expect(error?.code == .sourceFailed && error?.message == message)
        #expect(try await stage.repository.snapshots().entries.isEmpty)
    }

    private struct Broken: Error {}

    @Test("what the source throws is what the caller hears, and no snapshot is made")
    func throwing() async throws {
        let stage = try await Stage()
        await #expect(throws: Broken.self) {
            _ = try await StreamTests.backup(stage) { sink in
                let file = try sink.file(StreamTests.path("a"), StreamTests.file(), chunking: .files)
                for _ in 0..<40 { try file.write([UInt8](repeating: 3, count: 1 << 20)) }
                throw Broken()
            }
        }
        #expect(try await stage.repository.snapshots().entries.isEmpty)
        try await stage.restic.check()
    }
}
