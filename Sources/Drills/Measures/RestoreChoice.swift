/// The position that was chosen to restore to, against the one of the transaction that did the damage.
public struct RestoreChoice: Sendable, Hashable, Codable {
    /// How they compare.
    public enum Match: String, Sendable, Hashable, Codable {
        /// Before exactly the transaction that did it.
        case exact
        /// Before an earlier one: what was written between is lost as well.
        case earlier
        /// Before a later one: the damage is still in it.
        case later
    }

    /// What was chosen.
    public var chosen: String
    /// What did it.
    public var truth: String
    /// How they compare.
    public var match: Match

    /// - Parameters:
    ///   - decided: what was decided in the drill; the first that is a position counts.
    ///   - truths: what was really done; the earliest position counts.
    init?(decided: [String], truths: [FaultTruth]) {
        let positions = truths.compactMap(\.position)
        guard
            let truth = positions.min(by: { LogPosition($0)?.isBefore(LogPosition($1)) ?? false }),
            let bad = LogPosition(truth)
        else { return nil }
        for value in decided {
            guard let own = LogPosition(value), let isBefore = own.isBefore(bad) else { continue }
            chosen = value
            self.truth = truth
            match = isBefore ? .earlier : bad.isBefore(own) == true ? .later : .exact
            return
        }
        return nil
    }

    /// A sentence.
    public var message: String {
        switch match {
        case .exact: "the transaction that did it was found: \(truth)"
        case .earlier:
            "restored to before \(chosen), which is earlier than \(truth): what was written between is lost as well"
        case .later: "restored to before \(chosen), which is later than \(truth): the damage is still in it"
        }
    }
}

/// A place in a log that can be compared: a GTID (`0-1-123`), an LSN (`0/16B3748`), or two LSNs of which the first is before it and
/// the second not (`0/16B3700..0/16B3800`), where nobody could say more.
struct LogPosition {
    private let log: String
    private let numbers: ClosedRange<UInt64>

    /// nil for anything else. Of several GTIDs the first counts; a word before it (`before:`) is left out.
    init?(_ text: String) {
        guard
            let word = text.split(whereSeparator: { " ,:".contains($0) }).first(where: { $0.contains { $0.isNumber } })
        else { return nil }
        if let dots = word.firstRange(of: "..") {
            guard let before = Self.lsn(word[..<dots.lowerBound]), let last = Self.lsn(word[dots.upperBound...]),
                before < last
            else { return nil }
            (log, numbers) = ("", before + 1...last)
            return
        }
        if let number = Self.lsn(word) {
            (log, numbers) = ("", number...number)
            return
        }
        let parts = word.split(separator: "-", omittingEmptySubsequences: false).map { UInt64($0) }
        guard parts.count == 3, let domain = parts[0], parts[1] != nil, let sequence = parts[2] else { return nil }
        (log, numbers) = ("\(domain)", sequence...sequence)
    }

    private static func lsn(_ word: Substring) -> UInt64? {
        let halves = word.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, let high = UInt32(halves[0], radix: 16), let low = UInt32(halves[1], radix: 16) else {
            return nil
        }
        return UInt64(high) << 32 | UInt64(low)
    }

    /// nil when they are of different logs; false when one may be the other.
    func isBefore(_ other: LogPosition?) -> Bool? {
        guard let other, other.log == log else { return nil }
        return numbers.upperBound < other.numbers.lowerBound
    }
}
