public import Trees

/// Which drills are due: attended ones in turn, one scenario a quarter, and an unattended one every month.
///
/// A drill that passed keeps its scenario until the end of the scenario's next turn. What never passed is overdue.
public struct DrillCalendar: Sendable, Hashable {
    /// How a scenario stands.
    public enum State: String, Sendable, Hashable, Codable {
        /// It passed, and its turn is not now.
        case passed
        /// It is its turn, and it has not passed since that began.
        case due
        /// Its turn is over, and it did not pass; or it never did.
        case overdue
    }

    /// One scenario that somebody has to drill.
    public struct Entry: Sendable, Hashable, Codable {
        /// The scenario.
        public var scenario: String
        /// Must a person decide?
        public var isAttended: Bool
        /// How it stands.
        public var state: State
        /// The turn that is due, over, or next: `2026-Q4`, `2026-11`; nil when it never passed and is due at once.
        public var turn: String?
        /// The drill that passed last.
        public var lastPassed: String?
        /// Its age, in days.
        public var ageDays: Int?

        enum CodingKeys: String, CodingKey {
            case scenario, state, turn
            case isAttended = "attended"
            case lastPassed = "last_passed"
            case ageDays = "age_days"
        }
    }

    /// Scenarios whose turn it is in the first, second, third quarter and so on, beginning with a January.
    public var attended: [String]
    /// The scenario that is drilled unattended every month; an attended drill of it serves too. Nil for none.
    public var monthly: String?

    /// A, B, C, D in turn, and D every month.
    public init(attended: [String] = ["A", "B", "C", "D"], monthly: String? = "D") {
        self.attended = attended
        self.monthly = monthly
    }

    /// How all stand at `now`. Drills that did not pass, and those without times, do not count. Months are those of UTC.
    public func entries(at now: Timestamp, drills: [DisasterRecoveryTest]) -> [Entry] {
        let passed = drills.filter { $0.verdict == Verdict.pass.rawValue }.compactMap { test in
            (test.recoveredAt ?? test.faultAt).flatMap { Timestamp(rfc3339: $0) }.map { (test, $0) }
        }.sorted { $0.1 < $1.1 }
        let turns = attended.enumerated().map { number, scenario in
            entry(
                scenario, isAttended: true, passed.last { $0.0.scenario == scenario && $0.0.isAttended }, now,
                Turn(months: 3, every: attended.count, offset: number))
        }
        return turns
            + [monthly].compactMap { $0 }.map { scenario in
                entry(
                    scenario, isAttended: false, passed.last { $0.0.scenario == scenario }, now,
                    Turn(months: 1, every: 1, offset: 0))
            }
    }

    private func entry(
        _ scenario: String, isAttended: Bool, _ last: (DisasterRecoveryTest, Timestamp)?, _ now: Timestamp, _ turn: Turn
    ) -> Entry {
        guard let last else { return Entry(scenario: scenario, isAttended: isAttended, state: .overdue) }
        let (next, current) = (turn.next(after: turn.period(last.1)), turn.period(now))
        return Entry(
            scenario: scenario, isAttended: isAttended,
            state: current < next ? .passed : current == next ? .due : .overdue, turn: turn.name(next),
            lastPassed: last.0.id, ageDays: Int((now.seconds - last.1.seconds) / 86_400))
    }
}

/// Periods of so many months, of which every nth is a scenario's turn.
private struct Turn {
    let months: Int
    let every: Int
    let offset: Int

    /// The period of a moment, counted from the year 0.
    func period(_ moment: Timestamp) -> Int {
        let parts = moment.rfc3339.split(separator: "-", maxSplits: 2).compactMap { Int($0.prefix(4)) }
        guard parts.count >= 2 else { return 0 }
        return (parts[0] * 12 + parts[1] - 1) / months
    }

    /// The first turn behind a period.
    func next(after period: Int) -> Int {
        let behind = (offset - (period + 1)) % every
        return period + 1 + (behind < 0 ? behind + every : behind)
    }

    func name(_ period: Int) -> String {
        let month = period * months
        guard months > 1 else { return "\(month / 12)-\(month % 12 < 9 ? "0" : "")\(month % 12 + 1)" }
        return "\(month / 12)-Q\(month % 12 / months + 1)"
    }
}
