import Sealing
import TestSupport
import Testing

@testable import Repository

@Suite("a pack's header")
struct PackHeaderTests {
    private func blobs(_ lengths: [UInt32], seed: UInt64 = 1) -> [PackRecord.Blob] {
        var generator = SeededGenerator(seed: seed)
        var offset: UInt32 = 0
        return lengths.enumerated().map { number, byteCount in
            defer { offset += byteCount }
            let id = BlobID(Digest(words: (generator.next(), generator.next(), generator.next(), generator.next())))
            return PackRecord.Blob(
                id: id, type: number % 3 == 0 ? .tree : .data, offset: offset, byteCount: byteCount,
                compressedFrom: number % 2 == 0 ? 0 : byteCount * 3)
        }
    }

    private func refusal(_ header: [UInt8], body: UInt64) -> RepositoryError? {
        #expect(throws: RepositoryError.self) {
            _ = try PackHeader.blobs(header, bodyByteCount: body, subject: "data/x")
        }
    }

    @Test("comes back as it was written")
    func roundTrip() throws {
        let blobs = blobs([32, 33, 40_000, 100, 8_000_000])
        let body = blobs.reduce(0) { $0 + UInt64($1.byteCount) }
        #expect(try PackHeader.blobs(PackHeader.plain(blobs), bodyByteCount: body, subject: "") == blobs)
        #expect(try PackHeader.blobs([], bodyByteCount: 0, subject: "") == [])
    }

    @Test("cut short anywhere is refused")
    func truncated() {
        let blobs = blobs([32, 40, 50])
        let header = PackHeader.plain(blobs)
        for count in 1..<header.count {
            #expect(refusal(Array(header.prefix(count)), body: 122)?.code == .packDamaged, "\(count) bytes")
        }
    }

    @Test("whose blobs leave a gap, or reach beyond the body, is refused", arguments: [121, 123, 0, UInt64.max])
    func gap(body: UInt64) {
        #expect(refusal(PackHeader.plain(blobs([32, 40, 50])), body: body)?.code == .packDamaged)
    }

    @Test("with an unknown type is refused", arguments: [4, 5, 0x80, 0xFF] as [UInt8])
    func type(kind: UInt8) {
        var header = PackHeader.plain(blobs([32]))
        header[0] = kind
        #expect(refusal(header, body: 32)?.code == .packDamaged)
    }

    @Test("with a blob shorter than a seal, or as long as lengths can be, is refused", arguments: [0, 31, UInt32.max])
    func lengths(byteCount: UInt32) {
        let header = PackHeader.plain(blobs([byteCount], seed: 2).map { $0 })
        #expect(refusal(header, body: 100)?.code == .packDamaged)
    }

    @Test("never traps on random bytes")
    func random() {
        let seed = UInt64.random(in: 0 ... .max)
        print("random headers with seed \(seed)")
        var generator = SeededGenerator(seed: seed)
        for _ in 0..<20_000 {
            var header = generator.bytes(Int.random(in: 0...200, using: &generator))
            for index in stride(from: 0, to: header.count, by: 37) { header[index] &= 3 }
            _ = try? PackHeader.blobs(header, bodyByteCount: generator.next() >> 32, subject: "")
        }
    }

    @Test("gives its length from the last four bytes, little endian")
    func length() {
        #expect(PackHeader.length([9, 9, 1, 2, 3, 4]) == 0x0403_0201)
        var bytes = [UInt8]()
        PackHeader.append(0xFEDC_BA98, to: &bytes)
        #expect(PackHeader.length(bytes) == 0xFEDC_BA98)
    }
}
