/// What a policy says about one snapshot.
public struct RetentionDecision: Sendable, Hashable {
    /// The place of the snapshot in the list that was handed in.
    public let index: Int
    /// Which rules want it, in restic's words; empty when none does.
    public let reasons: [String]

    /// Whether the snapshot stays.
    public var isKept: Bool { !reasons.isEmpty }
}

extension RetentionPolicy {
    /// Decides about the snapshots of one group.
    ///
    /// An empty policy keeps all, with the reason `policy is empty`. Spans count back from the newest snapshot that is not in
    /// the future, so a group that gets no new snapshots does not wither away. Where a count is not used up, the oldest
    /// snapshot stays too, so that history reaches as far back as it can.
    ///
    /// - Parameter now: seconds since 1970; handed in, since this module knows no clock.
    /// - Returns: one decision per item, newest first; items of the same moment in the order in which they came.
    public func decide(_ items: [RetentionItem], now: Int64) -> [RetentionDecision] {
        decide(items, now: now, keepsOldest: true)
    }

    /// As above; restic before 0.16 had no rule for the oldest, which tests against such a one need to know.
    func decide(_ items: [RetentionItem], now: Int64, keepsOldest: Bool) -> [RetentionDecision] {
        let order = items.indices.sorted { one, other in
            if items[other].isEarlier(than: items[one]) { return true }
            return !items[one].isEarlier(than: items[other]) && one < other
        }
        if isEmpty { return order.map { RetentionDecision(index: $0, reasons: ["policy is empty"]) } }
        let newest = order.first { items[$0].seconds < now }.map { items[$0] }
        var rules = spanRules([(within, .single, "within")], newest) + countRules() + spanRules(periodSpans, newest)
        return order.enumerated().map { position, index in
            let item = items[index]
            let isOldest = keepsOldest && position == order.count - 1
            var reasons = tags.filter(item.hasTags).map { "has tags [\($0.joined(separator: ", "))]" }
            for rule in rules.indices {
                if let reason = rules[rule].reason(for: item, position: position, isOldest: isOldest) {
                    reasons.append(reason)
                }
            }
            return RetentionDecision(index: index, reasons: reasons)
        }
    }

    private func countRules() -> [Rule] {
        precondition([last, hourly, daily, weekly, monthly, yearly].allSatisfy { $0 >= -1 }, "a count below -1")
        let counts: [(Int, Period, String)] = [
            (last, .single, "last"), (hourly, .hour, "hourly"), (daily, .day, "daily"), (weekly, .week, "weekly"),
            (monthly, .month, "monthly"), (yearly, .year, "yearly"),
        ]
        return counts.filter { $0.0 != 0 }.map { count, period, name in
            Rule(period: period, name: "\(name) snapshot", limit: .count(count))
        }
    }

    private var periodSpans: [(RetentionSpan, Period, String)] {
        [
            (withinHourly, .hour, "hourly within"), (withinDaily, .day, "daily within"),
            (withinWeekly, .week, "weekly within"), (withinMonthly, .month, "monthly within"),
            (withinYearly, .year, "yearly within"),
        ]
    }

    private func spanRules(_ spans: [(RetentionSpan, Period, String)], _ newest: RetentionItem?) -> [Rule] {
        spans.filter { !$0.0.isZero }.map { span, period, name in
            // With every snapshot in the future there is no newest to count back from, and all are within.
            let start = newest.map { RetentionItem(seconds: span.start(before: $0), nanoseconds: $0.nanoseconds) }
            return Rule(period: period, name: "\(name) \(span)", limit: .after(start))
        }
    }
}
