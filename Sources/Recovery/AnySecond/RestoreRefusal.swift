/// Why a moment cannot be reached, and what can be instead.
public struct RestoreRefusal: Error, Sendable, Hashable {
    /// A word for scripts.
    public enum Reason: String, Sendable, Codable {
        /// There is no physical copy that is whole.
        case noBase = "no_base"
        /// It is before the first copy.
        case beforeFirstBase = "before_first_base"
        /// It is after the last thing that the journal has.
        case afterEnd = "after_end"
        /// Log is missing on the way.
        case gap
        /// It lies on a timeline that was left, or on several.
        case severalTimelines = "several_timelines"
        /// There is no such timeline.
        case unknownTimeline = "unknown_timeline"
        /// It is no position of this engine.
        case unknownPosition = "unknown_position"
        /// Sources of this kind have no log.
        case noLog = "no_log"
    }

    /// The kind.
    public var reason: Reason
    /// What stands in the way, one line.
    public var message: String
    /// The source.
    public var source: String
    /// The last moment before it that can be reached; nil when there is none.
    public var earlier: Moment?
    /// The first one after it.
    public var later: Moment?
    /// Timelines that have it.
    public var timelines: [UInt32] = []

    init(_ reason: Reason, _ message: String, source: String, earlier: Moment? = nil, later: Moment? = nil) {
        self.reason = reason
        self.message = message
        self.source = source
        self.earlier = earlier
        self.later = later
    }
}
