/// A SHA-256 digest: 32 bytes, held as four words so that comparing and hashing one costs a few instructions.
///
/// Words are big-endian views of the bytes, so digests order as their bytes and as their hexadecimal text do.
public struct Digest: Hashable, Comparable, Sendable {
    /// Bytes in a digest.
    public static let byteCount = 32

    /// The bytes as four big-endian words, the first of them holding bytes 0 to 7.
    public let words: (UInt64, UInt64, UInt64, UInt64)

    /// Makes a digest of four words, the first of them holding bytes 0 to 7.
    public init(words: (UInt64, UInt64, UInt64, UInt64)) {
        self.words = words
    }

    /// Reads a digest from 32 raw bytes; nil when there is any other number of them.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Digest.byteCount else { return nil }
        var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
        for (position, byte) in bytes.enumerated() {
            switch position >> 3 {
            case 0: words.0 = words.0 << 8 | UInt64(byte)
            case 1: words.1 = words.1 << 8 | UInt64(byte)
            case 2: words.2 = words.2 << 8 | UInt64(byte)
            default: words.3 = words.3 << 8 | UInt64(byte)
            }
        }
        self.words = words
    }

    /// Reads a digest from the 32 bytes of `buffer` that begin at `offset`, which must all lie inside it.
    public init(in buffer: UnsafeRawBufferPointer, at offset: Int) {
        precondition(offset >= 0 && offset + Digest.byteCount <= buffer.count, "a digest reaches beyond its buffer")
        unsafe words = (
            UInt64(bigEndian: buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self)),
            UInt64(bigEndian: buffer.loadUnaligned(fromByteOffset: offset + 8, as: UInt64.self)),
            UInt64(bigEndian: buffer.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self)),
            UInt64(bigEndian: buffer.loadUnaligned(fromByteOffset: offset + 24, as: UInt64.self))
        )
    }

    /// Reads 64 hexadecimal digits of either case; nil for anything else.
    public init?(hex: some StringProtocol) {
        var text = hex.utf8.makeIterator()
        var bytes = [UInt8]()
        bytes.reserveCapacity(Digest.byteCount)
        while let high = text.next() {
            guard let low = text.next(), let upper = Digest.nibble(high), let lower = Digest.nibble(low),
                bytes.count < Digest.byteCount
            else { return nil }
            bytes.append(upper << 4 | lower)
        }
        self.init(bytes: bytes)
    }

    /// Reads 64 hexadecimal digits in the buffer; nil for any other length or character.
    public init?(hexDigits buffer: UnsafeRawBufferPointer) {
        guard buffer.count == 2 * Digest.byteCount else { return nil }
        var bad = false
        func word(_ index: Int) -> UInt64 {
            var value: UInt64 = 0
            for offset in index * 16..<index * 16 + 16 {
                guard let digit = unsafe Digest.nibble(buffer[offset]) else {
                    bad = true
                    return 0
                }
                value = value << 4 | UInt64(digit)
            }
            return value
        }
        words = (word(0), word(1), word(2), word(3))
        if bad { return nil }
    }

    private static func nibble(_ character: UInt8) -> UInt8? {
        switch character {
        case 0x30...0x39: character &- 0x30
        case 0x61...0x66: character &- 0x57
        case 0x41...0x46: character &- 0x37
        default: nil
        }
    }

    /// The 64 lower-case hexadecimal digits, as ASCII bytes.
    public func appendHex(to output: inout [UInt8]) {
        for word in [words.0, words.1, words.2, words.3] {
            for shift in stride(from: 60, through: 0, by: -4) {
                let digit = UInt8(truncatingIfNeeded: word >> UInt64(shift)) & 15
                output.append(digit < 10 ? digit &+ 0x30 : digit &+ 0x57)
            }
        }
    }

    /// The 64 lower-case hexadecimal digits.
    public var hex: String {
        var text = [UInt8]()
        text.reserveCapacity(2 * Digest.byteCount)
        appendHex(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// The 32 bytes.
    public var bytes: [UInt8] {
        var result = [UInt8]()
        result.reserveCapacity(Digest.byteCount)
        append(to: &result)
        return result
    }

    /// Appends the 32 bytes to `output`.
    public func append(to output: inout [UInt8]) {
        for word in [words.0, words.1, words.2, words.3] {
            for shift in stride(from: 56, through: 0, by: -8) {
                output.append(UInt8(truncatingIfNeeded: word >> UInt64(shift)))
            }
        }
    }

    /// The first eight bytes as a number: already evenly spread, so it can pick a shard or a slot of a table.
    public var leadingWord: UInt64 { words.0 }

    public static func == (one: Digest, other: Digest) -> Bool {
        one.words == other.words
    }

    public static func < (one: Digest, other: Digest) -> Bool {
        one.words < other.words
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
    }
}

extension Digest: CustomStringConvertible {
    public var description: String { hex }
}

extension Digest {
    /// The four words, for tables that store digests compactly; `init(words:)` takes them back.
    public var wordsForStorage: (UInt64, UInt64, UInt64, UInt64) { words }
}
