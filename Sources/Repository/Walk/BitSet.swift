/// A set of small numbers, one bit each: entries of a blob table, of which there may be many millions.
struct BitSet: Sendable {
    private var words: [UInt64]
    /// Numbers in the set.
    private(set) var count = 0

    /// An empty set of numbers below `limit`.
    init(limit: Int) { words = [UInt64](repeating: 0, count: (limit + 63) / 64) }

    /// Adds a number; false when it was in already.
    @discardableResult
    mutating func insert(_ number: Int) -> Bool {
        let bit = UInt64(1) << UInt64(number & 63)
        guard words[number >> 6] & bit == 0 else { return false }
        words[number >> 6] |= bit
        count += 1
        return true
    }

    func contains(_ number: Int) -> Bool {
        words[number >> 6] & (UInt64(1) << UInt64(number & 63)) != 0
    }
}
