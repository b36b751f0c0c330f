import Testing

@testable import Chunking

@Suite struct CutterSetTests {
    static let key = [UInt8](repeating: 9, count: 32)

    static let gibibyte: UInt64 = 1 << 30
    static let sizes: [(UInt64, Int)] = [
        (0, 64), (4 * gibibyte, 64), (4 * gibibyte + 1, 256), (64 * gibibyte, 256), (64 * gibibyte + 1, 1024),
    ]

    @Test("page files are cut into blocks that grow with the file", arguments: sizes)
    func pages(fileByteCount: UInt64, kibibytes: Int) {
        let block = kibibytes << 10
        let cutter = CutterSet(key: Self.key).cutter(for: .pages, byteCount: fileByteCount)
        #expect(cutter.maximumByteCount == block)
        let input = [UInt8](repeating: 1, count: 2 * block + 5)
        #expect(cutter.lengths(of: input) == [block, block, 5])
    }

    @Test("files are cut with FastCDC, or with Rabin where a polynomial is given")
    func files() throws {
        let polynomial = try #require(Polynomial(hex: "3da3358b4dc173"))
        #expect(CutterSet(key: Self.key).cutter(for: .files, byteCount: 1) is FastCDCCutter)
        #expect(CutterSet(key: Self.key, rabin: polynomial).cutter(for: .files, byteCount: 1) is RabinCutter)
        #expect(CutterSet(key: Self.key, rabin: polynomial).cutter(for: .dump, byteCount: 1) is FastCDCCutter)
    }
}
