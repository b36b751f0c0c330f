/// Standard base64 with padding, RFC 4648 section 4.
enum Base64 {
    /// The character of the low six bits.
    static func digit(_ bits: UInt32) -> UInt8 {
        let value = UInt8(truncatingIfNeeded: bits & 63)
        return switch value {
        case 0..<26: value &+ 0x41
        case 26..<52: value &+ 0x47
        case 52..<62: value &- 4
        case 62: 0x2B
        default: 0x2F
        }
    }

    private static func value(_ character: UInt8) -> UInt32? {
        switch character {
        case 0x41...0x5A: UInt32(character &- 0x41)
        case 0x61...0x7A: UInt32(character &- 0x47)
        case 0x30...0x39: UInt32(character &+ 4)
        case 0x2B: 62
        case 0x2F: 63
        default: nil
        }
    }

    /// The bytes that a text stands for; nil when it is not base64. Line ends are passed over, as in Go.
    static func decode(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        var result = [UInt8]()
        result.reserveCapacity(text.count / 4 * 3)
        var group: UInt32 = 0
        var filled = 0
        var padding = 0
        for index in 0..<text.count {
            let character = unsafe text[index]
            if character == 0x0A || character == 0x0D { continue }
            if character == 0x3D {
                padding += 1
                guard filled >= 2, filled + padding <= 4 else { return nil }
                continue
            }
            guard padding == 0, let bits = value(character) else { return nil }
            group = group << 6 | bits
            filled += 1
            if filled == 4 {
                result.append(UInt8(truncatingIfNeeded: group >> 16))
                result.append(UInt8(truncatingIfNeeded: group >> 8))
                result.append(UInt8(truncatingIfNeeded: group))
                (group, filled) = (0, 0)
            }
        }
        if filled == 0 { return padding == 0 ? result : nil }
        guard filled + padding == 4 else { return nil }
        group <<= UInt32(6 * padding)
        result.append(UInt8(truncatingIfNeeded: group >> 16))
        if filled == 3 { result.append(UInt8(truncatingIfNeeded: group >> 8)) }
        return result
    }
}
