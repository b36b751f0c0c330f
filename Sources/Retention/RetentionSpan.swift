/// A span of the calendar as restic writes it: `1y5m7d2h` (years, months, days, hours). Zero means that a rule is not set.
public struct RetentionSpan: Sendable, Hashable {
    /// The largest number that may stand before a unit.
    public static let largestNumber = 100_000
    /// No span: the rule is not set.
    public static let zero = RetentionSpan()

    public var years: Int
    public var months: Int
    public var days: Int
    public var hours: Int

    /// Spans of 0 to 100 000 of each unit.
    public init(years: Int = 0, months: Int = 0, days: Int = 0, hours: Int = 0) {
        precondition(
            [years, months, days, hours].allSatisfy { 0...Self.largestNumber ~= $0 }, "a span has no negative parts")
        self.years = years
        self.months = months
        self.days = days
        self.hours = hours
    }

    /// Reads numbers, each followed by `y`, `m`, `d` or `h` in any order; of a repeated unit the last counts, as in restic.
    /// Nil for anything else, for negative numbers, and for numbers above `largestNumber`; empty text is zero.
    public init?(_ text: String) {
        self.init()
        var digits = ""
        for character in Self.trimmed(text) {
            if character.isASCII, character.isNumber {
                digits.append(character)
                continue
            }
            guard let number = Int(digits), number <= Self.largestNumber else { return nil }
            digits = ""
            switch character {
            case "y": years = number
            case "m": months = number
            case "d": days = number
            case "h": hours = number
            default: return nil
            }
        }
        guard digits.isEmpty else { return nil }
    }

    private static func trimmed(_ text: String) -> some Sequence<Character> {
        text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()
    }

    /// Whether the rule is not set.
    public var isZero: Bool { self == .zero }

    /// The moment this span before `item`, by the clock and calendar of the item's zone: seconds since 1970 UTC, to which the
    /// item's nanoseconds belong. A day that a month does not have counts on into the next month, as in Go.
    func start(before item: RetentionItem) -> Int64 {
        let end = CivilTime(seconds: item.seconds, offset: item.zoneOffset)
        let day = CivilTime.dayNumber(year: end.year - years, month: end.month - months, day: end.day - days)
        return Int64(day * 86_400 + end.secondOfDay - item.zoneOffset - hours * 3600)
    }
}

extension RetentionSpan: CustomStringConvertible {
    /// As restic prints it: `1y5m7d2h` without the parts that are zero.
    public var description: String {
        [(years, "y"), (months, "m"), (days, "d"), (hours, "h")].filter { $0.0 != 0 }.map { "\($0.0)\($0.1)" }.joined()
    }
}
