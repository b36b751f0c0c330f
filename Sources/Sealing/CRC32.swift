/// CRC-32 as in ISO 3309, zlib and Ethernet (polynomial 0xEDB88320, reflected): finds accidents, not attacks.
public struct CRC32: Sendable {
    /// Eight tables, so that eight bytes are taken in at a time.
    private static let tables: [UInt32] = {
        var tables = [UInt32](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var value = UInt32(byte)
            for _ in 0..<8 { value = value & 1 != 0 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
            tables[byte] = value
        }
        for index in 256..<8 * 256 {
            let before = tables[index - 256]
            tables[index] = before >> 8 ^ tables[Int(before & 0xFF)]
        }
        return tables
    }()

    private var state: UInt32 = 0xFFFF_FFFF

    /// The checksum of no bytes.
    public init() {}

    /// The checksum of all bytes taken in so far.
    public var value: UInt32 { ~state }

    /// Takes in more bytes.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        var crc = state
        unsafe CRC32.tables.withUnsafeBufferPointer { table in
            var at = 0
            while at + 8 <= bytes.count {
                let low = unsafe crc ^ UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self))
                let high = unsafe UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at + 4, as: UInt32.self))
                crc = unsafe CRC32.fold(low, table, 4) ^ CRC32.fold(high, table, 0)
                at += 8
            }
            while at < bytes.count {
                crc = unsafe crc >> 8 ^ table[Int((crc ^ UInt32(bytes[at])) & 0xFF)]
                at += 1
            }
        }
        state = crc
    }

    /// Four bytes through the four tables that begin at table `first`.
    @inline(__always)
    private static func fold(_ word: UInt32, _ table: UnsafeBufferPointer<UInt32>, _ first: Int) -> UInt32 {
        let one = unsafe table[(first + 3) << 8 | Int(word & 0xFF)]
        let two = unsafe table[(first + 2) << 8 | Int(word >> 8 & 0xFF)]
        let three = unsafe table[(first + 1) << 8 | Int(word >> 16 & 0xFF)]
        let four = unsafe table[first << 8 | Int(word >> 24)]
        return one ^ two ^ three ^ four
    }
}
