/// Where and why a JSON text could not be read.
public struct JSONError: Error, Sendable, Hashable {
    /// What was wrong, lower case, no full stop.
    public let message: String
    /// Bytes before the place.
    public let offset: Int

    /// Describes a fault at an offset.
    public init(_ message: String, at offset: Int) {
        self.message = message
        self.offset = offset
    }
}

/// Reads JSON values one after another from bytes, without building a document: trees and indexes hold millions of values.
///
/// Accepts what RFC 8259 allows. Nothing is believed: depth is bounded (64), numbers are exact integers or an error, and the
/// text may hold any bytes. A cursor lives no longer than the buffer it reads, so it is made inside `withUnsafeBytes`.
@safe public struct JSONCursor {
    // Safe: every read is bounds-checked against `text.count`; the initialiser's caller keeps the buffer alive.
    private let text: UnsafeRawBufferPointer
    private let count: Int
    /// Bytes read so far.
    public private(set) var offset = 0
    private static let depthLimit = 64

    /// Reads from `text`, which must outlive the cursor.
    public init(_ text: UnsafeRawBufferPointer) {
        unsafe self.text = text
        count = text.count
    }

    @inline(__always)
    private func byte(_ index: Int) -> UInt8 { unsafe text[index] }

    /// A key of an object, or any other plain string, as it stands in the text.
    @safe public struct Key {
        // Safe: a view into the cursor's text, used before the cursor goes.
        fileprivate let bytes: UnsafeRawBufferPointer

        /// Is it this ASCII text?
        @inline(__always)
        public static func == (key: Key, name: StaticString) -> Bool {
            guard unsafe key.bytes.count == name.utf8CodeUnitCount else { return false }
            for index in 0..<name.utf8CodeUnitCount where unsafe key.bytes[index] != name.utf8Start[index] {
                return false
            }
            return true
        }

        /// Its text, for messages.
        public var text: String { unsafe String(decoding: bytes, as: UTF8.self) }
    }

    /// The next byte that is not white space, which stays unread; 0 at the end of the text.
    @inline(__always)
    public mutating func peek() -> UInt8 {
        while offset < count {
            let byte = byte(offset)
            if byte > 0x20 || !(byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09) { return byte }
            offset += 1
        }
        return 0
    }

    @inline(__always)
    private mutating func take(_ byte: UInt8) throws(JSONError) {
        guard peek() == byte, offset < count else {
            throw JSONError("expected '\(Character(Unicode.Scalar(byte)))'", at: offset)
        }
        offset += 1
    }

    /// Reads an object: calls `body` for each key, which must read the value (or `skipValue()`).
    @inline(__always)
    public mutating func object(_ body: (inout JSONCursor, Key) throws(JSONError) -> Void) throws(JSONError) {
        try take(0x7B)
        if peek() == 0x7D {
            offset += 1
            return
        }
        while true {
            let key = try readKey()
            try take(0x3A)
            try body(&self, key)
            guard try another(until: 0x7D) else { return }
        }
    }

    /// Reads an array: calls `body` before each element, which must read it.
    @inline(__always)
    public mutating func array(_ body: (inout JSONCursor) throws(JSONError) -> Void) throws(JSONError) {
        try take(0x5B)
        if peek() == 0x5D {
            offset += 1
            return
        }
        while true {
            try body(&self)
            guard try another(until: 0x5D) else { return }
        }
    }

    @inline(__always)
    private mutating func another(until end: UInt8) throws(JSONError) -> Bool {
        let byte = peek()
        guard byte == 0x2C || byte == end else { throw JSONError("expected ',' or the end of the list", at: offset) }
        offset += 1
        return byte == 0x2C
    }

    /// Reads `null` when it stands here.
    public mutating func null() -> Bool {
        guard peek() == 0x6E, matches("null") else { return false }
        offset += 4
        return true
    }

    /// Reads `true` or `false`.
    public mutating func bool() throws(JSONError) -> Bool {
        _ = peek()
        if matches("true") {
            offset += 4
            return true
        }
        guard matches("false") else { throw JSONError("expected true or false", at: offset) }
        offset += 5
        return false
    }

    private func matches(_ word: StaticString) -> Bool {
        guard count - offset >= word.utf8CodeUnitCount else { return false }
        for index in 0..<word.utf8CodeUnitCount where unsafe text[offset + index] != word.utf8Start[index] {
            return false
        }
        return true
    }

    /// Reads a whole number from 0 to 2^64 - 1; a sign, fraction, exponent or larger number is an error.
    @inline(__always)
    public mutating func unsigned() throws(JSONError) -> UInt64 {
        var digit = peek() &- 0x30
        guard digit <= 9, offset < count else { throw JSONError("expected a whole number", at: offset) }
        var value: UInt64 = 0
        while digit <= 9 {
            let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
            let (sum, overflow) = product.addingReportingOverflow(UInt64(digit))
            guard !tooLarge, !overflow else { throw JSONError("number above 2^64 - 1", at: offset) }
            value = sum
            offset += 1
            digit = offset < count ? byte(offset) &- 0x30 : 255
        }
        if offset < count, case let next = byte(offset), next == 0x2E || next | 0x20 == 0x65 {
            throw JSONError("expected a whole number", at: offset)
        }
        return value
    }

    /// Reads a whole number that fits `Integer`.
    @inline(__always)
    public mutating func unsigned<Integer: FixedWidthInteger>(as type: Integer.Type) throws(JSONError) -> Integer {
        let start = offset
        guard let value = Integer(exactly: try unsigned()) else { throw JSONError("number out of range", at: start) }
        return value
    }

    /// Reads a string in which nothing is escaped and gives its bytes as they stand: a key, a digest, a type. `body` must
    /// not keep them.
    @inline(__always)
    public mutating func plain<T>(
        _ body: (UnsafeRawBufferPointer) throws(JSONError) -> T
    ) throws(JSONError) -> T {
        try unsafe body(try readKey().bytes)
    }

    /// Reads a string that holds no escapes as a key.
    @inline(__always)
    public mutating func readKey() throws(JSONError) -> Key {
        try take(0x22)
        let start = offset
        while offset < count {
            let byte = byte(offset)
            if byte == 0x22 {
                defer { offset += 1 }
                return unsafe Key(bytes: UnsafeRawBufferPointer(rebasing: text[start..<offset]))
            }
            if byte == 0x5C { throw JSONError("escape where none is expected", at: offset) }
            offset += 1
        }
        throw JSONError("string without end", at: start)
    }

    /// Reads a string and gives its bytes with the escapes of JSON resolved.
    ///
    /// Lone surrogates become U+FFFD, as in Go. Bytes that are not UTF-8 pass through: the caller decides.
    public mutating func string() throws(JSONError) -> [UInt8] {
        try take(0x22)
        let start = offset
        var result = [UInt8]()
        while offset < count {
            let byte = byte(offset)
            if byte == 0x22 {
                unsafe result.append(contentsOf: text[start..<offset])
                offset += 1
                return result
            }
            if byte == 0x5C { return try escapedString(from: start) }
            offset += 1
        }
        throw JSONError("string without end", at: start)
    }

    private mutating func escapedString(from start: Int) throws(JSONError) -> [UInt8] {
        var result = unsafe Array(text[start..<offset])
        while offset < count {
            let byte = byte(offset)
            offset += 1
            switch byte {
            case 0x22: return result
            case 0x5C: try appendEscape(to: &result)
            default: result.append(byte)
            }
        }
        throw JSONError("string without end", at: start)
    }

    private mutating func appendEscape(to result: inout [UInt8]) throws(JSONError) {
        guard offset < count else { throw JSONError("string without end", at: offset) }
        let kind = byte(offset)
        offset += 1
        switch kind {
        case 0x22, 0x5C, 0x2F: result.append(kind)
        case 0x62: result.append(0x08)
        case 0x66: result.append(0x0C)
        case 0x6E: result.append(0x0A)
        case 0x72: result.append(0x0D)
        case 0x74: result.append(0x09)
        case 0x75: result.append(contentsOf: Array(String(try unicodeEscape()).utf8))
        default: throw JSONError("unknown escape", at: offset - 1)
        }
    }

    private mutating func unicodeEscape() throws(JSONError) -> Unicode.Scalar {
        let first = try hexUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        let replacement: Unicode.Scalar = "\u{FFFD}"
        guard first < 0xDC00, offset + 1 < count, byte(offset) == 0x5C, byte(offset + 1) == 0x75 else {
            return replacement
        }
        let mark = offset
        offset += 2
        let second = try hexUnit()
        guard (0xDC00...0xDFFF).contains(second) else {
            offset = mark
            return replacement
        }
        return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) ?? replacement
    }

    private mutating func hexUnit() throws(JSONError) -> UInt32 {
        guard count - offset >= 4 else { throw JSONError("escape cut short", at: offset) }
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(byte(offset))).hexDigitValue, byte(offset) < 0x80 else {
                throw JSONError("escape with a character that is no hexadecimal digit", at: offset)
            }
            value = value << 4 | UInt32(digit)
            offset += 1
        }
        return value
    }

    /// Reads over a value of any kind.
    public mutating func skipValue() throws(JSONError) {
        try skipValue(depth: 0)
    }

    private mutating func skipValue(depth: Int) throws(JSONError) {
        guard depth < JSONCursor.depthLimit else { throw JSONError("nested too deeply", at: offset) }
        switch peek() {
        case 0x7B: try object { cursor, _ throws(JSONError) in try cursor.skipValue(depth: depth + 1) }
        case 0x5B: try array { cursor throws(JSONError) in try cursor.skipValue(depth: depth + 1) }
        case 0x22: _ = try string()
        case 0x6E where null(): return
        case 0x74, 0x66: _ = try bool()
        default: try skipNumber()
        }
    }

    private mutating func skipNumber() throws(JSONError) {
        let start = offset
        while offset < count, case let byte = byte(offset),
            byte &- 0x30 <= 9 || byte == 0x2D || byte == 0x2B || byte == 0x2E || byte | 0x20 == 0x65
        {
            offset += 1
        }
        if offset == start { throw JSONError("expected a value", at: start) }
    }

    /// Demands that only white space is left.
    public mutating func end() throws(JSONError) {
        _ = peek()
        if offset < count { throw JSONError("text after the end", at: offset) }
    }
}
