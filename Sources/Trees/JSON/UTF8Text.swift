/// What Go calls a rune: reading and writing UTF-8 where bytes may be anything.
enum UTF8Text {
    /// The scalar that begins at `index` of `bytes` and how many bytes it has; nil when none begins there.
    ///
    /// Strict as RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
    static func scalar(in bytes: UnsafeRawBufferPointer, at index: Int) -> (scalar: Unicode.Scalar, byteCount: Int)? {
        let first = unsafe bytes[index]
        let byteCount: Int
        var value: UInt32
        switch first {
        case 0x00...0x7F: return (Unicode.Scalar(first), 1)
        case 0xC2...0xDF: (byteCount, value) = (2, UInt32(first & 0x1F))
        case 0xE0...0xEF: (byteCount, value) = (3, UInt32(first & 0x0F))
        case 0xF0...0xF4: (byteCount, value) = (4, UInt32(first & 0x07))
        default: return nil
        }
        guard bytes.count - index >= byteCount else { return nil }
        for next in index + 1..<index + byteCount {
            let byte = unsafe bytes[next]
            guard byte & 0xC0 == 0x80 else { return nil }
            value = value << 6 | UInt32(byte & 0x3F)
        }
        guard byteCount == 2 || value >= (byteCount == 3 ? 0x800 : 0x10000), let scalar = Unicode.Scalar(value) else {
            return nil
        }
        return (scalar, byteCount)
    }

    /// Is every byte part of a well-formed scalar?
    static func isValid(_ bytes: [UInt8]) -> Bool {
        unsafe bytes.withUnsafeBytes { bytes in
            var index = 0
            while index < bytes.count {
                if unsafe bytes[index] < 0x80 {
                    index += 1
                    continue
                }
                guard let (_, byteCount) = unsafe scalar(in: bytes, at: index) else { return false }
                index += byteCount
            }
            return true
        }
    }

    /// Appends the UTF-8 form of a scalar.
    static func append(_ scalar: Unicode.Scalar, to output: inout [UInt8]) {
        if scalar.isASCII {
            output.append(UInt8(truncatingIfNeeded: scalar.value))
        } else {
            for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { output.append(byte) }
        }
    }
}
