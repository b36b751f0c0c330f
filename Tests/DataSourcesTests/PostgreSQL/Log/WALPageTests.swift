import Testing

@testable import DataSources

@Suite("PostgreSQL: the last page of a log")
struct WALPageTests {
    @Test("the checksum is that of RFC 3720")
    func checksum() {
        var checksum = CRC32C()
        checksum.add(Array("123456789".utf8)[...])
        #expect(checksum.value == 0xE306_9283)
    }

    private static func little(_ number: UInt32) -> [UInt8] {
        (0..<4).map { (index: UInt32) -> UInt8 in UInt8(truncatingIfNeeded: number >> (8 * index)) }
    }

    private static func record(_ content: [UInt8]) -> [UInt8] {
        let head = little(UInt32(24 + content.count)) + [UInt8](repeating: 7, count: 16)
        var checksum = CRC32C()
        checksum.add(content[...])
        checksum.add(head[...])
        let record = head + little(checksum.value) + content
        return record + [UInt8](repeating: 0, count: (8 - record.count % 8) % 8)
    }

    /// A page whose header says that 20 bytes of a record of the page before come first.
    private static var header: [UInt8] {
        var header: [UInt8] = [0x10, 0xD1, 1, 0]
        header += [UInt8](repeating: 0, count: 12)
        header += little(20) + little(0)
        return header + [UInt8](repeating: 9, count: 24)
    }

    @Test("a record that ends in zeros ends where its length says, once all of it is there", arguments: [0, 3, 8, 26])
    func zeros(count: Int) {
        let written = Self.header + Self.record([1, 2, 3])
        let whole = written + Self.record([4] + [UInt8](repeating: 0, count: count))
        let content = (whole.count - count) / 8 * 8
        let page = WALPage(bytes: whole + [UInt8](repeating: 0, count: 8192 - whole.count))
        #expect(page.end(content: max(content, written.count + 25)) == UInt64(whole.count))
        #expect(page.end(content: written.count) == UInt64(written.count))
        var torn = page.bytes
        torn[written.count + 24] = 5
        let end = written.count + 32
        #expect(WALPage(bytes: torn).end(content: end) == UInt64(end))
    }
}
