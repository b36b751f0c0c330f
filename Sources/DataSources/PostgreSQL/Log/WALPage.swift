/// A page of WAL that is being filled: its records end in zeros now and then, which only their lengths tell from what is not
/// written yet.
///
/// | offset | size | field of a record (little-endian), aligned to 8 |
/// |---|---|---|
/// | 0 | 4 | length, this header included |
/// | 20 | 4 | CRC-32C of what is behind the header, then of the header up to here |
/// | 24 | | what it says |
///
/// Source: PostgreSQL's `xlogrecord.h` (`XLogRecord`) and `xlog_internal.h` (`xlp_rem_len`, at 16 of a page), 13 to 17.
struct WALPage {
    private static let headerByteCount = 24
    private static let checksumOffset = 20

    /// From the page's beginning, as far as they are there.
    let bytes: [UInt8]

    /// Where the record ends that has the last byte before `content`, counted from the page's beginning; `content` where that record
    /// is not whole in this page.
    func end(content: Int) -> UInt64 {
        var place = firstRecord
        while place < content, place + Self.headerByteCount <= bytes.count {
            let byteCount = number(place)
            let end = place + (byteCount + 7) / 8 * 8
            guard byteCount >= Self.headerByteCount, end <= bytes.count else { break }
            if end >= content { return UInt64(end > content && isWhole(place, byteCount) ? end : content) }
            place = end
        }
        return UInt64(content)
    }

    /// Behind the header, and behind what is left of a record that began on the page before.
    private var firstRecord: Int {
        guard bytes.count >= Self.headerByteCount else { return bytes.count }
        let header = bytes[2] & 2 != 0 ? 40 : 24
        return header + (bytes[2] & 1 != 0 ? (number(16) + 7) / 8 * 8 : 0)
    }

    private func number(_ at: Int) -> Int {
        var number = 0
        for index in (0..<4).reversed() { number = number << 8 | Int(bytes[at + index]) }
        return number
    }

    private func isWhole(_ place: Int, _ byteCount: Int) -> Bool {
        var checksum = CRC32C()
        checksum.add(bytes[place + Self.headerByteCount..<place + byteCount])
        checksum.add(bytes[place..<place + Self.checksumOffset])
        return checksum.value == UInt32(number(place + Self.checksumOffset))
    }
}

/// The checksum of Castagnoli, polynomial 0x1EDC6F41, reflected. Source: RFC 3720, appendix B.4.
struct CRC32C {
    private static let table: [UInt32] = (0..<256).map { (index: UInt32) -> UInt32 in
        var sum = index
        for _ in 0..<8 { sum = sum & 1 == 0 ? sum >> 1 : (sum >> 1) ^ 0x82F6_3B78 }
        return sum
    }

    private var state = UInt32.max

    var value: UInt32 { ~state }

    mutating func add(_ bytes: ArraySlice<UInt8>) {
        for byte in bytes {
            let index = Int(UInt8(truncatingIfNeeded: state) ^ byte)
            state = Self.table[index] ^ (state >> 8)
        }
    }
}
