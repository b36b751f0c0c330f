public import Glibc

/// Reads JSON values one after another from bytes, without building a document: trees and indexes hold millions of values.
///
/// Accepts what RFC 8259 allows and nothing else, except that strings may hold any bytes from 0x20 on. Nothing is believed:
/// depth is bounded (64), numbers are exact integers or an error. A cursor lives no longer than the buffer it reads, so it is
/// made inside `withUnsafeBytes`.
@safe public struct JSONCursor {
    // Safe: every read is bounds-checked against `count`; the initialiser's caller keeps the buffer alive.
    @usableFromInline let text: UnsafeRawBufferPointer
    @usableFromInline let count: Int
    /// Bytes read so far.
    @inlinable public var offset: Int { place }
    @usableFromInline var place = 0
    @usableFromInline static let depthLimit = 64

    /// Reads from `text`, which must outlive the cursor.
    @inlinable
    public init(_ text: UnsafeRawBufferPointer) {
        unsafe self.text = text
        count = text.count
    }

    /// The byte at `index`, which the caller has compared with `count`.
    @inlinable @inline(__always)
    func byte(_ index: Int) -> UInt8 { unsafe text[index] }

    /// The bytes of a range that lies within the text.
    @inlinable @inline(__always)
    func slice(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(rebasing: text[range])
    }

    /// A key of an object, or any other plain string, as it stands in the text.
    @safe public struct Key {
        // Safe: a view into the cursor's text, used before the cursor goes.
        @usableFromInline let bytes: UnsafeRawBufferPointer

        @inlinable @inline(__always)
        init(bytes: UnsafeRawBufferPointer) { unsafe self.bytes = bytes }

        /// Is it this ASCII text?
        @inlinable @inline(__always)
        public static func == (key: Key, name: StaticString) -> Bool {
            let byteCount = name.utf8CodeUnitCount
            guard unsafe key.bytes.count == byteCount, let base = unsafe key.bytes.baseAddress else { return false }
            return unsafe memcmp(base, name.utf8Start, byteCount) == 0
        }

        /// Bytes in it.
        @inlinable @inline(__always)
        public var byteCount: Int { unsafe bytes.count }

        /// Its text, for messages.
        public var text: String { unsafe String(decoding: bytes, as: UTF8.self) }
    }

    /// Bytes in the text.
    public var byteCount: Int { count }

    /// The next byte that is not white space, which stays unread; 0 at the end of the text.
    @inlinable @inline(__always)
    public mutating func peek() -> UInt8 {
        while place < count {
            let byte = byte(place)
            if byte > 0x20 || !(byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09) { return byte }
            place += 1
        }
        return 0
    }

    @inlinable @inline(__always)
    mutating func take(_ byte: UInt8) throws(JSONError) {
        guard peek() == byte, place < count else { throw expected(byte) }
        place += 1
    }

    @usableFromInline
    func expected(_ byte: UInt8) -> JSONError {
        JSONError("expected '\(Character(Unicode.Scalar(byte)))'", at: place)
    }

    /// Reads an object: calls `body` for each key, which must read the value (or `skipValue()`).
    ///
    /// A key with escapes in it is given as it stands in the text, so it equals none that is written without.
    @inlinable @inline(__always)
    public mutating func object(_ body: (inout JSONCursor, Key) throws(JSONError) -> Void) throws(JSONError) {
        try take(0x7B)
        if peek() == 0x7D {
            place += 1
            return
        }
        while true {
            let key = try anyKey()
            try take(0x3A)
            try body(&self, key)
            guard try another(until: 0x7D) else { return }
        }
    }

    /// Reads an array: calls `body` before each element, which must read it.
    @inlinable @inline(__always)
    public mutating func array(_ body: (inout JSONCursor) throws(JSONError) -> Void) throws(JSONError) {
        try take(0x5B)
        if peek() == 0x5D {
            place += 1
            return
        }
        while true {
            try body(&self)
            guard try another(until: 0x5D) else { return }
        }
    }

    @inlinable @inline(__always)
    mutating func another(until end: UInt8) throws(JSONError) -> Bool {
        let byte = peek()
        guard byte == 0x2C || byte == end else { throw JSONError("expected ',' or the end of the list", at: place) }
        place += 1
        return byte == 0x2C
    }

    /// Reads `null` when it stands here.
    @inlinable @inline(__always)
    public mutating func null() -> Bool {
        guard peek() == 0x6E, matches("null") else { return false }
        place += 4
        return true
    }

    /// Reads `true` or `false`.
    public mutating func bool() throws(JSONError) -> Bool {
        _ = peek()
        if matches("true") {
            place += 4
            return true
        }
        guard matches("false") else { throw JSONError("expected true or false", at: place) }
        place += 5
        return false
    }

    @usableFromInline
    func matches(_ word: StaticString) -> Bool {
        let length = word.utf8CodeUnitCount
        guard count - place >= length, let base = unsafe text.baseAddress else { return false }
        return unsafe memcmp(base + place, word.utf8Start, length) == 0
    }

    /// Demands that only white space is left.
    public mutating func end() throws(JSONError) {
        _ = peek()
        if place < count { throw JSONError("text after the end", at: place) }
    }
}
