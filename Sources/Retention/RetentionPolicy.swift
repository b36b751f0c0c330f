/// restic's keep rules: which snapshots of a group stay. A snapshot stays when any rule wants it.
///
/// Counts: 0 does not set the rule, -1 keeps all. Source: restic `forget`, `internal/data/snapshot_policy.go` of 0.19.
public struct RetentionPolicy: Sendable, Hashable {
    /// The count that keeps all.
    public static let unlimited = -1

    /// Keeps the newest n.
    public var last = 0
    /// Keeps the newest of each of the last n hours that have any.
    public var hourly = 0
    /// Keeps the newest of each of the last n days that have any.
    public var daily = 0
    /// Keeps the newest of each of the last n ISO weeks that have any.
    public var weekly = 0
    /// Keeps the newest of each of the last n months that have any.
    public var monthly = 0
    /// Keeps the newest of each of the last n years that have any.
    public var yearly = 0
    /// Keeps all within this span before the newest.
    public var within = RetentionSpan.zero
    /// Keeps the newest of each hour within this span before the newest.
    public var withinHourly = RetentionSpan.zero
    /// Keeps the newest of each day within this span before the newest.
    public var withinDaily = RetentionSpan.zero
    /// Keeps the newest of each ISO week within this span before the newest.
    public var withinWeekly = RetentionSpan.zero
    /// Keeps the newest of each month within this span before the newest.
    public var withinMonthly = RetentionSpan.zero
    /// Keeps the newest of each year within this span before the newest.
    public var withinYearly = RetentionSpan.zero
    /// Keeps what has all tags of any of these lists; the list of one empty tag means having none.
    public var tags: [[String]] = []

    /// A policy without rules, for the caller to set.
    public init() {}

    /// Whether no rule is set. Such a policy keeps everything; a command should refuse it.
    public var isEmpty: Bool { self == RetentionPolicy() }

    /// Whether a rule is set that keeps the newest snapshot of every group, whatever its tags.
    public var keepsNewest: Bool {
        var bare = self
        bare.tags = []
        return !bare.isEmpty || isEmpty
    }

    /// Reads a count as restic does: `unlimited`, or a number from 0 on; nil for anything else.
    public static func count(_ text: String) -> Int? {
        if text == "unlimited" { return unlimited }
        guard let number = Int(text), number >= 0 else { return nil }
        return number
    }

    /// Reads a list of tags as restic does: commas between, spaces around each do not count.
    public static func tagList(_ text: String) -> [String] {
        text.split(separator: ",", omittingEmptySubsequences: false).map { tag in
            String(tag.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
        }
    }
}
