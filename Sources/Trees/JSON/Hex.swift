/// Hexadecimal digits, eight at a time: a tree or an index spells every blob ID with 64 of them.
@usableFromInline
enum Hex {
    /// The number that eight digits of either case give, loaded from memory as they stand; nil for any other character.
    @inlinable @inline(__always)
    static func decode(_ digits: UInt64) -> UInt32? {
        let text = UInt64(littleEndian: digits)
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops = ones &* 0x80
        let lower = text | (ones &* 0x20)
        // Adding so that a byte reaches 0x80 exactly when it is not below a bound; no sum leaves its byte below 0x80.
        let decimal = (text &+ ones &* 0x50) & ~(text &+ ones &* 0x46) & tops
        let letter = (lower &+ ones &* 0x1F) & ~(lower &+ ones &* 0x19) & tops
        guard text & tops == 0, decimal | letter == tops else { return nil }
        let nibbles = (text & (ones &* 0x0F)) &+ (letter >> 7) &* 9
        let pairs = (nibbles << 4 | nibbles >> 8) & 0x00FF_00FF_00FF_00FF
        let quads = (pairs | pairs >> 8) & 0x0000_FFFF_0000_FFFF
        return UInt32(truncatingIfNeeded: quads | quads >> 16).byteSwapped
    }

    /// Eight lower-case digits of a number, to be stored as they are.
    @inline(__always)
    static func encode(_ number: UInt32) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let bytes = UInt64(number.byteSwapped)
        let quads = (bytes | bytes << 16) & 0x0000_FFFF_0000_FFFF
        let pairs = (quads | quads << 8) & 0x00FF_00FF_00FF_00FF
        let nibbles = ((pairs >> 4) & (ones &* 0x0F)) & 0x00FF_00FF_00FF_00FF | (pairs & 0x000F_000F_000F_000F) << 8
        let letters = ((nibbles &+ ones &* 6) >> 4) & ones
        return (nibbles &+ ones &* 0x30 &+ letters &* 0x27).littleEndian
    }

    /// The value of one digit of either case.
    static func value(of character: UInt8) -> UInt8? {
        switch character {
        case 0x30...0x39: character &- 0x30
        case 0x61...0x66: character &- 0x57
        case 0x41...0x46: character &- 0x37
        default: nil
        }
    }

    /// One lower-case digit.
    @inline(__always)
    static func digit(_ value: UInt8) -> UInt8 { value < 10 ? value &+ 0x30 : value &+ 0x57 }
}
