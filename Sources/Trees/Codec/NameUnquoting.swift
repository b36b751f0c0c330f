/// Reads the inside of a Go string literal, as `strconv.Unquote` does: the form in which a node's name stands in JSON.
enum NameUnquoting {
    /// The bytes that `text` stands for; nil when it is not the inside of a literal.
    static func unquote(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        let end = unsafe firstSpecial(in: text, from: 0)
        if end == text.count { return unsafe Array(text) }
        var reader = unsafe LiteralReader(text: text)
        return reader.read()
    }

    /// Where the first byte stands that is not itself: a backslash, a quote or a line end.
    @inline(__always)
    static func firstSpecial(in text: UnsafeRawBufferPointer, from start: Int) -> Int {
        var index = start
        while index < text.count, case let byte = unsafe text[index], byte != 0x5C, byte != 0x22, byte != 0x0A {
            index += 1
        }
        return index
    }
}

@safe private struct LiteralReader {
    // Safe: every index is compared with `text.count`; the reader lives within the closure that lends the text.
    private let text: UnsafeRawBufferPointer
    private var index = 0
    private var result = [UInt8]()

    init(text: UnsafeRawBufferPointer) { unsafe self.text = text }

    mutating func read() -> [UInt8]? {
        unsafe result.reserveCapacity(text.count)
        while true {
            let end = unsafe NameUnquoting.firstSpecial(in: text, from: index)
            unsafe result.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[index..<end]))
            index = end
            guard let byte = next() else { return result }
            guard byte == 0x5C, escape() else { return nil }
        }
    }

    private mutating func next() -> UInt8? {
        guard unsafe index < text.count else { return nil }
        defer { index += 1 }
        return unsafe text[index]
    }

    private mutating func escape() -> Bool {
        guard let kind = next() else { return false }
        switch kind {
        case 0x61: result.append(0x07)
        case 0x62: result.append(0x08)
        case 0x66: result.append(0x0C)
        case 0x6E: result.append(0x0A)
        case 0x72: result.append(0x0D)
        case 0x74: result.append(0x09)
        case 0x76: result.append(0x0B)
        case 0x5C, 0x22: result.append(kind)
        case 0x78:
            guard let value = hexNumber(2) else { return false }
            result.append(UInt8(truncatingIfNeeded: value))
        case 0x75, 0x55:
            guard let value = hexNumber(kind == 0x75 ? 4 : 8), let scalar = Unicode.Scalar(value) else { return false }
            UTF8Text.append(scalar, to: &result)
        case 0x30...0x37: return octal(first: kind)
        default: return false
        }
        return true
    }

    private mutating func hexNumber(_ count: Int) -> UInt32? {
        var value: UInt32 = 0
        for _ in 0..<count {
            guard let character = next(), let digit = Hex.value(of: character) else { return nil }
            value = value << 4 | UInt32(digit)
        }
        return value
    }

    /// Three octal digits up to 377, of which the first is read.
    private mutating func octal(first: UInt8) -> Bool {
        var value = Int(first &- 0x30)
        for _ in 0..<2 {
            guard let character = next(), (0x30...0x37).contains(character) else { return false }
            value = value * 8 + Int(character &- 0x30)
        }
        guard let byte = UInt8(exactly: value) else { return false }
        result.append(byte)
        return true
    }
}
