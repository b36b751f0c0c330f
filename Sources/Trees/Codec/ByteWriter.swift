import Sealing

/// Writes text into memory that somebody else owns; whoever makes the memory knows an upper bound of what will be written.
@safe struct ByteWriter {
    // Safe: every write is checked against `capacity`; the writer does not outlive the closure that lends the memory.
    private let base: UnsafeMutableRawPointer?
    private let capacity: Int
    /// Bytes written so far.
    private(set) var count = 0

    init(_ memory: UnsafeMutableRawBufferPointer) {
        unsafe base = memory.baseAddress
        capacity = memory.count
    }

    /// The place of the next `byteCount` bytes, which must be written at once.
    @inline(__always)
    private mutating func claim(_ byteCount: Int) -> UnsafeMutableRawPointer {
        guard byteCount <= capacity - count, let base = unsafe base else {
            preconditionFailure("more is written than was reckoned with")
        }
        defer { count += byteCount }
        return unsafe base + count
    }

    @inline(__always)
    mutating func text(_ text: StaticString) {
        let length = text.utf8CodeUnitCount
        unsafe claim(length).copyMemory(from: text.utf8Start, byteCount: length)
    }

    @inline(__always)
    mutating func byte(_ byte: UInt8) { unsafe claim(1).storeBytes(of: byte, as: UInt8.self) }

    @inline(__always)
    mutating func bytes(_ source: UnsafeRawBufferPointer) {
        guard let start = source.baseAddress, source.count > 0 else { return }
        unsafe claim(source.count).copyMemory(from: start, byteCount: source.count)
    }

    /// Writes again what was written at `range`.
    mutating func again(_ range: Range<Int>) {
        precondition(range.upperBound <= count, "only what was written can be repeated")
        guard let base = unsafe base else { return }
        unsafe claim(range.count).copyMemory(from: base + range.lowerBound, byteCount: range.count)
    }

    /// Writes a number in decimal digits.
    @inline(__always)
    mutating func number(_ number: UInt64) {
        var length = 1
        var bound: UInt64 = 10
        while number >= bound, length < 20 {
            length += 1
            bound = length == 20 ? .max : bound &* 10
        }
        digits(number, count: length)
    }

    /// Writes the last `count` decimal digits of a number.
    @inline(__always)
    mutating func digits(_ number: UInt64, count length: Int) {
        let place = unsafe claim(length)
        var rest = number
        var index = length
        while index > 0 {
            index -= 1
            let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: 10)
            unsafe place.storeBytes(
                of: 0x30 &+ UInt8(truncatingIfNeeded: remainder), toByteOffset: index, as: UInt8.self)
            rest = quotient
        }
    }

    /// Writes the last `count` hexadecimal digits of a number.
    mutating func hexDigits(_ number: UInt32, count: Int) {
        for shift in stride(from: (count - 1) * 4, through: 0, by: -4) {
            byte(Hex.digit(UInt8(truncatingIfNeeded: number >> UInt32(shift)) & 15))
        }
    }

    /// Writes the 64 digits of a digest.
    @inline(__always)
    mutating func digest(_ digest: Digest) {
        let place = unsafe claim(64)
        let words = digest.words
        for (index, word) in [words.0, words.1, words.2, words.3].enumerated() {
            let high = Hex.encode(UInt32(truncatingIfNeeded: word >> 32))
            let low = Hex.encode(UInt32(truncatingIfNeeded: word))
            unsafe place.storeBytes(of: high, toByteOffset: index * 16, as: UInt64.self)
            unsafe place.storeBytes(of: low, toByteOffset: index * 16 + 8, as: UInt64.self)
        }
    }
}
