/// A stretch of the calendar of which a rule keeps the newest snapshot.
enum Period {
    /// Every snapshot is one of its own.
    case single
    case hour, day, week, month, year

    /// A number that two snapshots share when they lie in the same period; `position` tells snapshots apart.
    func number(of item: RetentionItem, position: Int) -> Int {
        guard self != .single else { return position }
        let time = CivilTime(seconds: item.seconds, offset: item.zoneOffset)
        switch self {
        case .single: return position
        case .hour: return time.dayNumber * 24 + time.secondOfDay / 3600
        case .day: return time.dayNumber
        case .week: return time.isoWeek.year * 100 + time.isoWeek.week
        case .month: return time.year * 12 + time.month
        case .year: return time.year
        }
    }
}

/// One rule on its way through the snapshots of a group, newest first.
struct Rule {
    /// How far back a rule reaches.
    enum Limit {
        /// So many periods; -1 for all.
        case count(Int)
        /// Later than this moment; nil for all.
        case after(RetentionItem?)
    }

    let period: Period
    let name: String
    var limit: Limit
    /// The period of the snapshot that this rule kept last.
    var current: Int?

    init(period: Period, name: String, limit: Limit) {
        self.period = period
        self.name = name
        self.limit = limit
    }

    /// Why this rule keeps `item`; nil when it does not.
    mutating func reason(for item: RetentionItem, position: Int, isOldest: Bool) -> String? {
        switch limit {
        case .count(0): return nil
        case .count: break
        case .after(let start): if let start, !start.isEarlier(than: item) { return nil }
        }
        let number = period.number(of: item, position: position)
        let isNew = number != current
        guard isNew || isOldest else { return nil }
        current = number
        if case .count(let rest) = limit, rest > 0 { limit = .count(rest - 1) }
        return isNew ? name : "oldest \(name)"
    }
}
