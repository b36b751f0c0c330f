public import Sealing

extension JSONCursor {
    /// Reads a string in which nothing is escaped and gives its bytes as they stand: a digest, a type, a time. `body` must
    /// not keep them.
    @inlinable @inline(__always)
    public mutating func plain<T>(
        _ body: (UnsafeRawBufferPointer) throws(JSONError) -> T
    ) throws(JSONError) -> T {
        try unsafe body(try readKey().bytes)
    }

    /// Reads a string that holds no escapes as a key.
    @inlinable @inline(__always)
    public mutating func readKey() throws(JSONError) -> Key {
        try take(0x22)
        let start = place
        let end = plainEnd(from: start)
        guard end < count, byte(end) == 0x22 else { throw notPlain(at: end) }
        place = end + 1
        return unsafe Key(bytes: slice(start..<end))
    }

    /// Reads a key; one with escapes is given as it stands.
    @inlinable @inline(__always)
    mutating func anyKey() throws(JSONError) -> Key {
        try take(0x22)
        let start = place
        let end = plainEnd(from: start)
        guard end < count, byte(end) == 0x22 else {
            place = start - 1
            try skipString()
            return unsafe Key(bytes: slice(start..<place - 1))
        }
        place = end + 1
        return unsafe Key(bytes: slice(start..<end))
    }

    /// Reads a string with the escapes of JSON resolved and lends its bytes, without a copy when there are no escapes.
    /// `body` must not keep them.
    @inlinable @inline(__always)
    public mutating func lend<T>(
        _ body: (UnsafeRawBufferPointer) throws(JSONError) -> T
    ) throws(JSONError) -> T {
        try take(0x22)
        let start = place
        let end = plainEnd(from: start)
        if end < count, byte(end) == 0x22 {
            place = end + 1
            return try unsafe body(slice(start..<end))
        }
        let bytes = try escapedString(from: start, plainEnd: end)
        let result = unsafe bytes.withUnsafeBytes { buffer in
            Result { () throws(JSONError) -> T in try unsafe body(buffer) }
        }
        return try result.get()
    }

    /// Reads a string and gives its bytes with the escapes of JSON resolved.
    ///
    /// Lone surrogates become U+FFFD, as in Go. Bytes that are not UTF-8 pass through: the caller decides.
    public mutating func string() throws(JSONError) -> [UInt8] {
        try unsafe lend { bytes throws(JSONError) in unsafe Array(bytes) }
    }

    /// Reads a string of 64 hexadecimal digits of either case.
    @inlinable
    public mutating func digest() throws(JSONError) -> Digest {
        try take(0x22)
        guard count - place > 64, byte(place + 64) == 0x22,
            let first = word(at: place), let second = word(at: place + 16),
            let third = word(at: place + 32), let fourth = word(at: place + 48)
        else { throw JSONError("expected 64 hexadecimal digits", at: place) }
        place += 65
        return Digest(words: (first, second, third, fourth))
    }

    /// The number that sixteen hexadecimal digits give.
    @inlinable @inline(__always)
    func word(at index: Int) -> UInt64? {
        guard
            let high = unsafe Hex.decode(text.loadUnaligned(fromByteOffset: index, as: UInt64.self)),
            let low = unsafe Hex.decode(text.loadUnaligned(fromByteOffset: index + 8, as: UInt64.self))
        else { return nil }
        return UInt64(high) << 32 | UInt64(low)
    }

    /// Where the first quote, backslash or control character stands from `start` on; `count` when there is none.
    @inlinable @inline(__always)
    func plainEnd(from start: Int) -> Int {
        var index = start
        while count - index >= 8 {
            let word = unsafe UInt64(littleEndian: text.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let marks = JSONCursor.marks(word)
            if marks != 0 { return index + marks.trailingZeroBitCount >> 3 }
            index += 8
        }
        while index < count, case let byte = byte(index), byte >= 0x20, byte != 0x22, byte != 0x5C { index += 1 }
        return index
    }

    /// Sets the top bit of each byte that ends a plain run; bytes above the lowest such byte may be marked in error.
    @inlinable @inline(__always)
    static func marks(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ (ones &* 0x22)
        let slashes = word ^ (ones &* 0x5C)
        let control = (word &- ones &* 0x20) & ~word
        return (control | ((quotes &- ones) & ~quotes) | ((slashes &- ones) & ~slashes)) & (ones &* 0x80)
    }

    @usableFromInline
    func notPlain(at end: Int) -> JSONError {
        if end >= count { return JSONError("string without end", at: end) }
        return byte(end) == 0x5C
            ? JSONError("escape where none is expected", at: end) : JSONError("control character in a string", at: end)
    }
}
