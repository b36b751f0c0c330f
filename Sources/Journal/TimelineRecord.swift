/// One history of a source's writes. Every rewind begins another; the first has no parent.
///
/// Stored sealed as `lifeboat/timelines/<source>/<timeline>`, kind `timeline`, JSON with the fields below; written once.
public struct TimelineRecord: Sendable, Hashable, Codable {
    /// Why a timeline began.
    public enum Reason: String, Sendable, Codable {
        /// The journal ran for the first time.
        case first
        /// Lifeboat put a restored copy in the place of the live one.
        case rewind
        /// The server was found behind what the journal has: somebody restored it without us.
        case serverBehind = "server_behind"
        /// The server was found to be another one.
        case serverDifferent = "server_different"
    }

    /// 1.
    public var format = 1
    /// Our running number, from 1.
    public var timeline: UInt32
    /// The one it left; nil for the first, and where nobody knows.
    public var parent: UInt32?
    /// Where it left its parent: everything before this place of the parent's log is its own history too. Nil where unknown:
    /// then nothing before its first base can be reached on it.
    public var branch: LogPlace?
    /// The position at `branch`, in the engine's own words.
    public var branchPosition: String?
    /// Why it began.
    public var reason: Reason
    /// When, RFC 3339.
    public var created: String
    /// What tells the server apart: MariaDB's `server_id`, PostgreSQL's `system identifier/timeline`.
    public var server: String
    /// The point that was restored; nil when no restore of ours made it.
    public var point: String?
    /// When the restore that began it was taken back, RFC 3339: the one before is live again. Nil while it stands. Kept in an
    /// object of its own, see `TimelineStore`.
    public var undone: String?

    enum CodingKeys: String, CodingKey {
        case format, timeline, parent, branch, reason, created, server, point, undone
        case branchPosition = "branch_position"
    }

    /// Describes a timeline.
    public init(
        timeline: UInt32, parent: UInt32?, branch: LogPlace?, branchPosition: String?, reason: Reason, created: String,
        server: String, point: String?
    ) {
        self.timeline = timeline
        self.parent = parent
        self.branch = branch
        self.branchPosition = branchPosition
        self.reason = reason
        self.created = created
        self.server = server
        self.point = point
    }
}
