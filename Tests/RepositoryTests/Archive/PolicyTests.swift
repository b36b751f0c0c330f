import Chunking
import Sealing
import TestSupport
import Testing
import Trees

@testable import Repository

@Suite("the chunking policy of a file")
struct PolicyTests {
    private func lengths(_ node: Node?, _ indexed: IndexedRepository) throws -> [Int] {
        try #require(node).content.map { id in
            let entry = try #require(indexed.table.find(id, .data))
            return indexed.table.place(of: entry).plainByteCount
        }
    }

    @Test("cuts pages into blocks of 64 KiB, dumps into 1 to 16 KiB, files into 512 KiB to 8 MiB")
    func lengths() async throws {
        let stage = try await Stage()
        var generator = SeededGenerator(seed: 31)
        let bytes = generator.bytes(6_000_001)
        let result = try await stage.backup(
            ScriptedSource([
                ("pages", ScriptedSource.file(bytes, chunking: .pages)),
                ("dump", ScriptedSource.file(bytes, chunking: .dump)),
                ("files", ScriptedSource.file(bytes, chunking: .files)),
            ]), as: "/made-up")
        let nodes = try await stage.nodes(result.snapshot)
        let indexed = try await stage.repository.indexed()
        let pages = try lengths(nodes["/pages"], indexed)
        #expect(pages.dropLast().allSatisfy { $0 == 65_536 } && pages.count == 92 && pages.last == 6_000_001 % 65_536)
        let dump = try lengths(nodes["/dump"], indexed)
        #expect(dump.dropLast().allSatisfy { (1_024...16_384).contains($0) } && (600...5_000).contains(dump.count))
        let files = try lengths(nodes["/files"], indexed)
        #expect(files.dropLast().allSatisfy { (512 << 10...8 << 20).contains($0) } && (2...11).contains(files.count))
        for list in [pages, dump, files] { #expect(list.reduce(0, +) == 6_000_001) }
        if Restic.isExpected { try await stage.restic.check() }
    }

    @Test("stores no more than the changed blocks of a page file after one page in a hundred changed")
    func changedPages() async throws {
        let stage = try await Stage()
        var generator = SeededGenerator(seed: 32)
        var bytes = generator.bytes(32 << 20)
        try await stage.backup(
            ScriptedSource([("table", ScriptedSource.file(bytes, chunking: .pages))]), as: "/made-up")
        let pageCount = bytes.count / 16_384
        let changed = Set((0..<pageCount / 100).map { _ in Int.random(in: 0..<pageCount, using: &generator) })
        for page in changed { bytes[page * 16_384 + 100] ^= 0xFF }
        let result = try await stage.backup(
            ScriptedSource([("table", ScriptedSource.file(bytes, inode: 2, chunking: .pages))]), as: "/made-up")
        let blocks = Set(changed.map { $0 * 16_384 / 65_536 })
        #expect(result.snapshot.summary?.dataBlobs == UInt64(blocks.count))
        #expect(result.uploadedByteCount < UInt64(blocks.count) * 66_000 + 100_000)
    }

    @Test("keeps a dump's blobs when a row is put in at its beginning")
    func insertedRow() async throws {
        let stage = try await Stage()
        var generator = SeededGenerator(seed: 33)
        let bytes = generator.bytes(4 << 20)
        let first = try await stage.backup(
            ScriptedSource([("dump", ScriptedSource.file(bytes, chunking: .dump))]), as: "/made-up")
        let second = try await stage.backup(
            ScriptedSource([("dump", ScriptedSource.file(Array("a new row\n".utf8) + bytes, chunking: .dump))]),
            as: "/made-up")
        #expect(first.snapshot.summary?.dataBlobs ?? 0 > 100)
        #expect(second.snapshot.summary?.dataBlobs ?? 99 <= 4)
    }
}
