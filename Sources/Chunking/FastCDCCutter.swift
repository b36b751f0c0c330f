/// Cuts where the content decides, several times faster than Rabin, at places that only the holder of the key can foresee.
///
/// A rolling hash over the last 64 bytes: h = 2 · h + gear[byte] modulo 2^64. A chunk ends where certain bits of it are zero:
/// two more than the normal size asks for while the chunk is smaller than that, two fewer beyond, which draws lengths towards
/// the normal size. The gear table comes from a key, so chunk lengths do not tell which public files are in a repository.
/// Sources: W. Xia and others, "FastCDC: a fast and efficient content-defined chunking approach", 2016, and "The design of fast
/// content-defined chunking", 2020 (two bytes a step).
public struct FastCDCCutter: Cutter {
    static let windowByteCount = 64

    /// No chunk is smaller, but the last of a stream.
    public let minimumByteCount: Int
    /// Where lengths are drawn to: a power of two.
    public let normalByteCount: Int
    public let maximumByteCount: Int

    let strictMask: UInt64
    let looseMask: UInt64
    /// The gear table, then the same with each entry doubled.
    let tables: [UInt64]

    /// Makes the tables of a key.
    ///
    /// - Parameters:
    ///   - key: 32 secret bytes, the same for all that shall share chunks.
    ///   - minimum: at least 64 bytes.
    ///   - normal: a power of two of at least 256 bytes, between the other two.
    ///   - maximum: the largest chunk.
    public init(key: [UInt8], minimum: Int, normal: Int, maximum: Int) {
        precondition(minimum >= Self.windowByteCount && minimum <= normal && normal <= maximum, "sizes must ascend")
        precondition(normal >= 256 && normal & (normal - 1) == 0 && normal <= 1 << 30, "normal is a power of two")
        minimumByteCount = minimum
        normalByteCount = normal
        maximumByteCount = maximum
        strictMask = Self.mask(bitCount: normal.trailingZeroBitCount + 2)
        looseMask = Self.mask(bitCount: normal.trailingZeroBitCount - 2)
        let gear = Self.gearTable(key: key, normal: normal)
        tables = gear + gear.map { $0 &<< 1 }
    }

    /// Bits below bit 63: the high ones depend on most bytes of the window, and bit 63 stays free so that a doubled mask fits.
    private static func mask(bitCount: Int) -> UInt64 {
        ((1 << UInt64(bitCount)) - 1) << UInt64(63 - bitCount)
    }

    /// 256 words: the keystream of ChaCha20 under `key`, little-endian, with the normal size as nonce, so that policies of
    /// different sizes share no table.
    static func gearTable(key: [UInt8], normal: Int) -> [UInt64] {
        let stream = ChaCha20(key: key)
        let words = (0..<32 as Range<UInt32>).flatMap { stream.block(counter: $0, nonce: (UInt32(normal), 0, 0)) }
        return (0..<256).map { UInt64(words[2 * $0]) | UInt64(words[2 * $0 + 1]) << 32 }
    }

    public func nextLength(in window: UnsafeRawBufferPointer) -> Int {
        let limit = min(window.count, maximumByteCount)
        guard limit > minimumByteCount, let base = window.baseAddress else { return limit }
        let bytes = unsafe base.assumingMemoryBound(to: UInt8.self)
        let turn = min(normalByteCount, limit)
        return unsafe tables.withUnsafeBufferPointer { tables in
            guard let gear = tables.baseAddress else { return limit }
            var hash: UInt64 = 0
            for offset in minimumByteCount - Self.windowByteCount..<minimumByteCount {
                hash = unsafe hash &<< 1 &+ gear[Int(bytes[offset])]
            }
            let early = unsafe firstGearCut(bytes, from: minimumByteCount, below: turn, &hash, strictMask, gear)
            if early < turn { return early }
            return unsafe firstGearCut(bytes, from: turn, below: limit, &hash, looseMask, gear)
        }
    }
}

/// The first length in `from ..< below` at which the bits of `mask` are zero, else `below`. `hash` belongs to `from` at the
/// beginning, and to `below` when nothing was found.
///
/// Two bytes a step: the doubled table and mask stand for the hash that is one shift ahead, which shortens the chain of
/// instructions that wait for each other from four to three.
@inline(never)
private func firstGearCut(
    _ bytes: UnsafePointer<UInt8>, from: Int, below: Int, _ hash: inout UInt64, _ mask: UInt64,
    _ gear: UnsafePointer<UInt64>
) -> Int {
    guard from < below else { return below }
    let doubled = unsafe gear.advanced(by: 256)
    let doubledMask = mask &<< 1
    var value = hash
    var length = from
    if value & mask == 0 { return length }
    while length &+ 2 < below {
        value = unsafe value &<< 2 &+ doubled[Int(bytes[length])]
        if value & doubledMask == 0 { return length &+ 1 }
        value = unsafe value &+ gear[Int(bytes[length &+ 1])]
        length = length &+ 2
        if value & mask == 0 { return length }
    }
    while length < below {
        value = unsafe value &<< 1 &+ gear[Int(bytes[length])]
        length = length &+ 1
        if length < below, value & mask == 0 { return length }
    }
    hash = value
    return below
}
