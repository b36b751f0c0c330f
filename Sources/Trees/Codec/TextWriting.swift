/// The two layers of escaping that Go's `encoding/json` and `strconv.Quote` put around text.
extension ByteWriter {
    /// Bytes that both layers leave alone: printable ASCII but `"`, `&`, `<`, `>` and the backslash.
    @inline(__always)
    private static func isPlain(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte < 0x7F && byte != 0x22 && byte != 0x26 && byte != 0x3C && byte != 0x3E && byte != 0x5C
    }

    /// Writes the longest plain run from `start` on and gives the index behind it.
    @inline(__always)
    private mutating func plainRun(of source: UnsafeRawBufferPointer, from start: Int) -> Int {
        var index = start
        while index < source.count, unsafe ByteWriter.isPlain(source[index]) { index += 1 }
        if index > start { unsafe bytes(UnsafeRawBufferPointer(rebasing: source[start..<index])) }
        return index
    }

    /// Writes text as the inside of a JSON string: Go's HTML-safe escapes, U+FFFD for each byte that is not UTF-8.
    ///
    /// At most six bytes for each one of `source`.
    mutating func jsonText(_ source: UnsafeRawBufferPointer) {
        var index = unsafe plainRun(of: source, from: 0)
        while index < source.count {
            let first = unsafe source[index]
            if first < 0x80 {
                jsonASCII(first)
                index += 1
            } else if let (scalar, byteCount) = unsafe UTF8Text.scalar(in: source, at: index) {
                switch scalar.value {
                case 0x2028: text("\\u2028")
                case 0x2029: text("\\u2029")
                default: unsafe bytes(UnsafeRawBufferPointer(rebasing: source[index..<index + byteCount]))
                }
                index += byteCount
            } else {
                text("\u{FFFD}")
                index += 1
            }
            index = unsafe plainRun(of: source, from: index)
        }
    }

    private mutating func jsonASCII(_ character: UInt8) {
        switch character {
        case 0x22: text("\\\"")
        case 0x5C: text("\\\\")
        case 0x08: text("\\b")
        case 0x09: text("\\t")
        case 0x0A: text("\\n")
        case 0x0C: text("\\f")
        case 0x0D: text("\\r")
        case 0x00..<0x20, 0x26, 0x3C, 0x3E:
            text("\\u00")
            hexDigits(UInt32(character), count: 2)
        default: byte(character)
        }
    }

    /// Writes a name as the inside of a JSON string that holds the inside of a Go string literal.
    ///
    /// At most six bytes for each one of `source`.
    mutating func quotedName(_ source: UnsafeRawBufferPointer) {
        var index = unsafe plainRun(of: source, from: 0)
        while index < source.count {
            let first = unsafe source[index]
            if first < 0x80 {
                quotedASCII(first)
                index += 1
            } else if let (scalar, byteCount) = unsafe UTF8Text.scalar(in: source, at: index) {
                if scalar.isGoPrintable {
                    unsafe bytes(UnsafeRawBufferPointer(rebasing: source[index..<index + byteCount]))
                } else if scalar.value < 0x10000 {
                    text("\\\\u")
                    hexDigits(scalar.value, count: 4)
                } else {
                    text("\\\\U")
                    hexDigits(scalar.value, count: 8)
                }
                index += byteCount
            } else {
                text("\\\\x")
                hexDigits(UInt32(first), count: 2)
                index += 1
            }
            index = unsafe plainRun(of: source, from: index)
        }
    }

    private mutating func quotedASCII(_ character: UInt8) {
        switch character {
        case 0x22: text("\\\\\\\"")
        case 0x5C: text("\\\\\\\\")
        case 0x07: text("\\\\a")
        case 0x08: text("\\\\b")
        case 0x09: text("\\\\t")
        case 0x0A: text("\\\\n")
        case 0x0B: text("\\\\v")
        case 0x0C: text("\\\\f")
        case 0x0D: text("\\\\r")
        case 0x00..<0x20, 0x7F:
            text("\\\\x")
            hexDigits(UInt32(character), count: 2)
        default: jsonASCII(character)
        }
    }

    /// Writes the standard base64 form with padding; four bytes for each three.
    mutating func base64(_ source: UnsafeRawBufferPointer) {
        var index = 0
        while index < source.count {
            let left = source.count - index
            let second = left > 1 ? unsafe source[index + 1] : 0
            let third = left > 2 ? unsafe source[index + 2] : 0
            let group = unsafe UInt32(source[index]) << 16 | UInt32(second) << 8 | UInt32(third)
            byte(Base64.digit(group >> 18))
            byte(Base64.digit(group >> 12))
            byte(left > 1 ? Base64.digit(group >> 6) : 0x3D)
            byte(left > 2 ? Base64.digit(group) : 0x3D)
            index += 3
        }
    }
}

extension Unicode.Scalar {
    /// What Go's `strconv.Quote` leaves as it is: letters, marks, numbers, punctuation, symbols and U+0020.
    ///
    /// Newer versions of Unicode know more of them; readers do not mind which one a writer had.
    var isGoPrintable: Bool {
        switch properties.generalCategory {
        case .spaceSeparator: value == 0x20
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        default: true
        }
    }
}
