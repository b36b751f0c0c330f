import ObjectStore
import Sealing
import TestSupport
import Testing

@testable import Repository

@Suite("an index file")
struct IndexFileTests {
    private static let a = String(repeating: "0a", count: 32)
    private static let b = String(repeating: "0b", count: 32)
    private static let blob = "{\"id\":\"\(a)\",\"type\":\"data\",\"offset\":0,\"length\":40}"

    private func read(_ json: String) throws -> BlobTable {
        let table = BlobTable()
        var known = KnownPacks()
        _ = try IndexFile.read(Array(json.utf8), into: table, known: &known, subject: "index/test")
        return table
    }

    private func records(seed: UInt64) -> [PackRecord] {
        var generator = SeededGenerator(seed: seed)
        func digest() -> Digest {
            Digest(words: (generator.next(), generator.next(), generator.next(), generator.next()))
        }
        return (0..<20).map { _ in
            var offset: UInt32 = 0
            let blobs = (0..<Int.random(in: 1...30, using: &generator)).map { _ in
                let byteCount = UInt32.random(in: 32...5_000_000, using: &generator)
                defer { offset += byteCount }
                return PackRecord.Blob(
                    id: BlobID(digest()), type: Bool.random(using: &generator) ? .data : .tree, offset: offset,
                    byteCount: byteCount, compressedFrom: Bool.random(using: &generator) ? 0 : byteCount + 7)
            }
            return PackRecord(id: PackID(digest()), blobs: blobs)
        }
    }

    @Test("comes back as it was written", arguments: [1, 2, 3] as [UInt64])
    func roundTrip(seed: UInt64) throws {
        let records = records(seed: seed)
        let table = try read(String(decoding: IndexFile.json(records), as: UTF8.self))
        #expect(table.packs.indices.map { table.record(ofPack: $0) } == records)
    }

    @Test(
        "is understood with fields in any order, upper-case digits, unknown fields and nulls",
        arguments: [
            "{\"supersedes\":[\"x\"],\"packs\":[{\"blobs\":[{\"length\":40,\"offset\":0,\"type\":\"data\",\"id\":\"\(a.uppercased())\"}],\"id\":\"\(b)\"}]}",
            "{ \"packs\" : [ { \"id\" : \"\(b)\", \"x\":{\"y\":[1,2.5e3,null]}, \"blobs\" : [ \(blob) ] } ], \"z\":null }\n\n",
            "{\"packs\":[{\"id\":\"\(b)\",\"blobs\":[{\"uncompressed_length\":0,\"id\":\"\(a)\",\"type\":\"data\",\"offset\":0,\"length\":40}]}]}",
        ])
    func tolerant(json: String) throws {
        let table = try read(json)
        #expect(table.packs.map(\.hex) == [Self.b])
        let blob = try #require(BlobID(hex: Self.a))
        let entry = try #require(table.find(blob, .data))
        #expect(table.place(of: entry) == BlobPlace(pack: 0, offset: 0, byteCount: 40, compressedFrom: 0))
    }

    @Test(
        "may be empty in all ways",
        arguments: ["{}", "{\"packs\":null}", "{\"packs\":[]}", "{\"packs\":[{\"id\":\"\(b)\",\"blobs\":null}]}"])
    func empty(json: String) throws { #expect(try read(json).count == 0) }

    @Test(
        "that is hostile or cut short is refused with the byte where it goes wrong",
        arguments: [
            "", "[]", "null", "{\"packs\":[{\"id\":\"\(b)\"", "{\"packs\":[{\"blobs\":[]}]}", "{\"packs\":{}}",
            "{\"packs\":[{\"id\":\"zz\",\"blobs\":[]}]}", "{\"packs\":[{\"id\":\"\(b)\",\"blobs\":[{}]}]}",
            "{\"packs\":[{\"id\":\"\(b)\",\"blobs\":[{\"id\":\"\(a)\",\"type\":\"other\",\"offset\":0,\"length\":40}]}]}",
            "{\"packs\":[{\"id\":\"\(b)\",\"blobs\":[{\"id\":\"\(a)\",\"type\":\"data\",\"offset\":-1,\"length\":40}]}]}",
            "{\"packs\":[{\"id\":\"\(b)\",\"blobs\":[{\"id\":\"\(a)\",\"type\":\"data\",\"offset\":1.5,\"length\":40}]}]}",
            "{\"packs\":[{\"id\":\"\(b)\",\"blobs\":[{\"id\":\"\(a)\",\"type\":\"data\",\"offset\":0,\"length\":31}]}]}",
            "{\"packs\":[{\"id\":\"\(b)\",\"blobs\":[{\"id\":\"\(a)\",\"type\":\"data\",\"offset\":4294967295,\"length\":40}]}]}",
            "{\"packs\":[{\"id\":\"\(b)\",\"blobs\":[{\"id\":\"\(a)\",\"type\":\"data\",\"offset\":0,\"length\":4294967296}]}]}",
            "{\"packs\":[{\"id\":\"\(b)\",\"blobs\":[{\"id\":\"\(a)\",\"type\":\"data\",\"offset\":0,\"length\":40,\"uncompressed_length\":4294967295}]}]}",
            "{\"packs\":[{\"id\":\"\(b)\",\"blobs\":[\(blob)]}]}x", String(repeating: "[", count: 100_000),
            "{\"x\":" + String(repeating: "[", count: 100_000),
        ])
    func hostile(json: String) {
        let error = #expect(throws: RepositoryError.self) { _ = try read(json) }
        #expect(error?.code == .indexDamaged && error?.message.contains("at byte") == true)
    }

    @Test("that names a pack twice counts its blobs once, in one file or in two")
    func packTwice() async throws {
        let stage = try await Stage()
        let made = MadeSnapshot(stage)
        made.data([1, 2, 3])
        let record = try await made.flush()[0]
        _ = try await stage.repository.save(Layout.indexes, json: IndexFile.json([record, record]))
        let indexed = try await stage.repository.indexed()
        #expect(indexed.table.count == 1 && indexed.table.packs == [record.id])
        #expect(indexed.repeatedPacks == [record.id] && indexed.conflictingPacks.isEmpty)
    }

    @Test("finds a blob that is in several packs from any of them")
    func duplicates() async throws {
        let stage = try await Stage()
        let made = MadeSnapshot(stage)
        let blob = made.data([1, 2, 3])
        var packs = try await made.flush()
        made.data([1, 2, 3])
        made.data([4])
        packs += try await made.flush()
        for pack in packs {
            try await stage.store.delete(Layout.pack(pack.id))
            let indexed = try await stage.repository.indexed()
            #expect(indexed.table.entries(of: blob, .data).count == 2)
            if pack.id == packs[0].id {
                #expect(try await indexed.blob(blob, .data) == [1, 2, 3])
            } else {
                await #expect(throws: (any Error).self) { try await indexed.blob(blob, .data) }
            }
        }
    }

    @Test("that is damaged ends loading with its name, and is passed over when told so")
    func damaged() async throws {
        let stage = try await Stage()
        try await stage.backup(ScriptedSource([("a", ScriptedSource.file([1]))]), as: "/made-up")
        let digest = try await stage.repository.save(Layout.indexes, json: Array("{\"packs\":7}".utf8))
        let error = await #expect(throws: RepositoryError.self) { _ = try await stage.repository.indexed() }
        #expect(error?.code == .indexDamaged && error?.subject.contains(digest.hex) == true)
        let indexed = try await stage.repository.indexed(skippingDamaged: true)
        #expect(indexed.damagedIndexFiles.map(\.digest) == [digest] && indexed.table.count == 2)
    }

    @Test("says of each pack what the pack's own header says")
    func rebuilt() async throws {
        let stage = try await Stage()
        var generator = SeededGenerator(seed: 9)
        let items = (0..<30).map {
            (name: "\($0)", item: ScriptedSource.file(generator.bytes(200_000), inode: UInt64($0)))
        }
        try await stage.backup(ScriptedSource(items), as: "/made-up") { $0.archive.writer.packByteCount = 1 << 20 }
        let indexed = try await stage.repository.indexed()
        #expect(indexed.table.packs.count > 5)
        for (number, id) in indexed.table.packs.enumerated() {
            let bytes = try await stage.store.get(Layout.pack(id))
            #expect(SHA256.digest(bytes) == id.digest)
            let record = indexed.table.record(ofPack: number)
            #expect(record.byteCount == UInt64(bytes.count))
            let length = Int(PackHeader.length(bytes))
            let header = try stage.repository.ciphers.open(Array(bytes.dropLast(4).suffix(length)))
            #expect(
                try PackHeader.blobs(header, bodyByteCount: UInt64(bytes.count - 4 - length), subject: "")
                    == record.blobs)
        }
    }
}
