/// CRC-64 as Redis ends its dumps with: polynomial ad93d23594c935a9, reflected, zero at both ends ("Jones"). Finds damage by
/// accident; says nothing against a forger.
public struct CRC64: Sendable {
    private static let table: [UInt64] = (0..<256).map { index in
        // The polynomial with its bits in reverse order.
        (0..<8).reduce(UInt64(index)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x95ac_9329_ac4b_c9b5 : value >> 1 }
    }

    /// The sum of what came so far.
    public private(set) var value: UInt64 = 0

    /// Nothing came yet.
    public init() {}

    /// Takes in more bytes.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        value = unsafe CRC64.table.withUnsafeBufferPointer { table in
            var sum = value
            for index in 0..<bytes.count {
                sum = unsafe table[Int(UInt8(truncatingIfNeeded: sum) ^ bytes[index])] ^ sum >> 8
            }
            return sum
        }
    }

    /// Takes in more bytes.
    public mutating func update(_ bytes: [UInt8]) { unsafe bytes.withUnsafeBytes { unsafe update($0) } }
}
