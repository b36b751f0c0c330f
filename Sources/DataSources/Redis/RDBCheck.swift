import Sealing

/// Looks at a dump of Redis (RDB) as it goes by: that it begins as one, that it ends as one, and that its sum is right.
///
/// | part | what |
/// |---|---|
/// | 9 bytes | `REDIS` and the format's version, four digits |
/// | `fa` key value, repeated | what the server says of the dump: `redis-ver`, `ctime`, `repl-id`, `repl-offset` |
/// | … | databases |
/// | `ff` | end |
/// | 8 bytes | CRC-64 of all before, little-endian; zeros where the server is told not to count |
struct RDBCheck {
    private static let tailByteCount = 9
    private static let headByteCount = 1024

    private(set) var byteCount: UInt64 = 0
    private var head: [UInt8] = []
    /// The last bytes, which may be the end; not counted in `sum` but for what is certainly before the sum.
    private var tail: [UInt8] = []
    private var sum = CRC64()

    /// Takes the next bytes.
    mutating func take(_ bytes: UnsafeRawBufferPointer) {
        byteCount += UInt64(bytes.count)
        if head.count < RDBCheck.headByteCount { head += bytes.prefix(RDBCheck.headByteCount - head.count) }
        if bytes.count >= RDBCheck.tailByteCount {
            sum.update(tail)
            let split = bytes.count - RDBCheck.tailByteCount
            sum.update(UnsafeRawBufferPointer(rebasing: bytes[..<split]))
            tail = Array(bytes[split...])
        } else {
            tail += bytes
            let excess = max(0, tail.count - RDBCheck.tailByteCount)
            sum.update(Array(tail.prefix(excess)))
            tail.removeFirst(excess)
        }
    }

    /// What is wrong with all that was taken; nil when it is a dump.
    func flaw() -> String? {
        guard head.count >= 9, head.starts(with: "REDIS".utf8), head[5..<9].allSatisfy({ (0x30...0x39).contains($0) })
        else { return "it does not begin as one" }
        guard tail.count == RDBCheck.tailByteCount, tail[0] == 0xFF else { return "it has no end" }
        var whole = sum
        whole.update([tail[0]])
        let told = tail[1...].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return told == 0 || told == whole.value ? nil : "its checksum is wrong"
    }

    /// What the server says of the dump, at its beginning.
    var notes: [String: String] {
        var notes = [String: String]()
        var rest = head.dropFirst(9)
        while rest.first == 0xFA {
            rest = rest.dropFirst()
            guard let key = RDBCheck.text(&rest), let value = RDBCheck.text(&rest) else { break }
            notes[key] = value
        }
        return notes
    }

    /// A string in one of its encodings: a length of 6, 14 or 32 bits and so many bytes, or a number of 8, 16 or 32 bits.
    private static func text(_ rest: inout ArraySlice<UInt8>) -> String? {
        guard let first = rest.popFirst() else { return nil }
        func number(_ count: Int) -> UInt32? {
            guard rest.count >= count else { return nil }
            defer { rest = rest.dropFirst(count) }
            return rest.prefix(count).reversed().reduce(0) { $0 << 8 | UInt32($1) }
        }
        let length: Int
        switch first {
        case 0xC0: return number(1).map { String(Int8(truncatingIfNeeded: $0)) }
        case 0xC1: return number(2).map { String(Int16(truncatingIfNeeded: $0)) }
        case 0xC2: return number(4).map { String(Int32(bitPattern: $0)) }
        case 0..<0x40: length = Int(first)
        case 0x40..<0x80:
            guard let second = rest.popFirst() else { return nil }
            length = Int(first & 0x3F) << 8 | Int(second)
        default: return nil
        }
        guard rest.count >= length else { return nil }
        defer { rest = rest.dropFirst(length) }
        return String(decoding: rest.prefix(length), as: UTF8.self)
    }
}
