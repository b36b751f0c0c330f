/// Cuts exactly as restic does, so that its chunks and ours are the same blobs.
///
/// A rolling hash runs over the last 64 bytes b0 … b63: the sum of b_j · x^(8 · (63 - j)) modulo the polynomial. A chunk ends
/// where the low 20 bits of it are zero, at 512 KiB at the earliest and 8 MiB at the latest. Source: restic's package
/// `chunker`; M. O. Rabin, "Fingerprinting by random polynomials".
public struct RabinCutter: Cutter {
    static let windowByteCount = 64
    static let minimumByteCount = 512 << 10
    static let cutMask: UInt64 = (1 << 20) - 1

    public let maximumByteCount = 8 << 20

    /// At 0 ..< 256: what a byte leaving the window adds one step later, b · x^512. At 256 ..< 512: what reduces a hash whose
    /// top byte is t after its shift, t · x^53 mod P | t << 53.
    let tables: [UInt64]

    /// Makes the tables of `polynomial`, which should be irreducible.
    public init(polynomial: Polynomial) {
        let leaving = polynomial.powerOfX(8 * Self.windowByteCount)
        let top = polynomial.powerOfX(Polynomial.degree)
        let out = (0..<256 as Range<UInt64>).map { polynomial.multiply(leaving, $0) }
        let reduce = (0..<256 as Range<UInt64>).map { polynomial.multiply(top, $0) | $0 << UInt64(Polynomial.degree) }
        tables = out + reduce
    }

    public func nextLength(in window: UnsafeRawBufferPointer) -> Int {
        let limit = min(window.count, maximumByteCount)
        guard limit > Self.minimumByteCount, let base = window.baseAddress else { return limit }
        let bytes = unsafe base.assumingMemoryBound(to: UInt8.self)
        return unsafe tables.withUnsafeBufferPointer { tables in
            guard let out = tables.baseAddress else { return limit }
            let reduce = unsafe out.advanced(by: 256)
            let found = unsafe firstRabinCut(bytes, from: Self.minimumByteCount, below: limit, out: out, reduce: reduce)
            return found ?? limit
        }
    }
}

/// The first length in `from ..< below` whose hash says cut. `from` must be at least 64.
///
/// The hash of a place needs the 64 bytes before it and nothing else, so four stretches are searched at once: each step waits
/// for a table entry that depends on the step before, and four such waits overlap.
@inline(never)
private func firstRabinCut(
    _ bytes: UnsafePointer<UInt8>, from: Int, below: Int, out: UnsafePointer<UInt64>, reduce: UnsafePointer<UInt64>
) -> Int? {
    let stretch = 2048
    var start = from
    while start + 4 * stretch < below {
        let found = unsafe anyRabinCut(bytes.advanced(by: start), stretch: stretch, out: out, reduce: reduce)
        if found { break }
        start += 4 * stretch
    }
    while start < below {
        // Either the last few bytes, or four stretches that hold a cut: which of its places comes first is found out slowly.
        let end = min(start + 4 * stretch, below)
        var hash = unsafe rabinHash(bytes.advanced(by: start), reduce: reduce)
        for length in start..<end {
            if hash & RabinCutter.cutMask == 0 { return length }
            let (old, new) = unsafe (bytes[length &- RabinCutter.windowByteCount], bytes[length])
            hash = unsafe hash &<< 8 ^ reduce[Int(truncatingIfNeeded: hash &>> 45)] ^ out[Int(old)] ^ UInt64(new)
        }
        start = end
    }
    return nil
}

/// The hash of the 64 bytes before `end`.
@inline(__always)
private func rabinHash(_ end: UnsafePointer<UInt8>, reduce: UnsafePointer<UInt64>) -> UInt64 {
    var hash: UInt64 = 0
    for offset in -RabinCutter.windowByteCount..<0 {
        hash = unsafe hash &<< 8 ^ reduce[Int(truncatingIfNeeded: hash &>> 45)] ^ UInt64(end[offset])
    }
    return hash
}

/// Whether any of the 4 · `stretch` lengths from `start` on has a hash that says cut.
@inline(never)
private func anyRabinCut(
    _ start: UnsafePointer<UInt8>, stretch: Int, out: UnsafePointer<UInt64>, reduce: UnsafePointer<UInt64>
) -> Bool {
    let (p0, p1) = unsafe (start, start.advanced(by: stretch))
    let (p2, p3) = unsafe (start.advanced(by: 2 * stretch), start.advanced(by: 3 * stretch))
    var h0 = unsafe rabinHash(p0, reduce: reduce)
    var h1 = unsafe rabinHash(p1, reduce: reduce)
    var h2 = unsafe rabinHash(p2, reduce: reduce)
    var h3 = unsafe rabinHash(p3, reduce: reduce)
    let mask = RabinCutter.cutMask
    let back = RabinCutter.windowByteCount
    for i in 0..<stretch {
        if h0 & mask == 0 || h1 & mask == 0 || h2 & mask == 0 || h3 & mask == 0 { return true }
        unsafe h0 = h0 &<< 8 ^ reduce[Int(truncatingIfNeeded: h0 &>> 45)] ^ (out[Int(p0[i &- back])] ^ UInt64(p0[i]))
        unsafe h1 = h1 &<< 8 ^ reduce[Int(truncatingIfNeeded: h1 &>> 45)] ^ (out[Int(p1[i &- back])] ^ UInt64(p1[i]))
        unsafe h2 = h2 &<< 8 ^ reduce[Int(truncatingIfNeeded: h2 &>> 45)] ^ (out[Int(p2[i &- back])] ^ UInt64(p2[i]))
        unsafe h3 = h3 &<< 8 ^ reduce[Int(truncatingIfNeeded: h3 &>> 45)] ^ (out[Int(p3[i &- back])] ^ UInt64(p3[i]))
    }
    return false
}
