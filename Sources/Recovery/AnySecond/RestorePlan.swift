public import DataSources
public import Journal

/// What a restore to a moment will do: made by `RestorePlanner`, printed by a dry run, carried out as it is.
public struct RestorePlan: Sendable, Hashable {
    /// A part of the log, and how much of it counts.
    public struct LogPart: Sendable, Hashable {
        /// The timeline it belongs to.
        public var timeline: UInt32
        /// Where it is.
        public var part: Coverage.Part
        /// Where it ends, or where its timeline is left within it.
        public var end: LogPlace

        /// A part.
        public init(timeline: UInt32, part: Coverage.Part, end: LogPlace) {
            self.timeline = timeline
            self.part = part
            self.end = end
        }
    }

    /// The source.
    public var source: String
    /// Its kind.
    public var kind: SourceKind
    /// What was asked for.
    public var target: LogTarget
    /// The timeline it ends on.
    public var timeline: UInt32
    /// Every timeline on the way, the first one first, and where it is left; nil for the last.
    public var path: [Branch]
    /// What it begins with.
    public var base: RestoreBase
    /// The log to fetch, in its order: each file from its beginning. Empty when the base stands at the target.
    public var log: [LogPart]
    /// The log behind it without a hole: fetched only when the target turns out to be there, since PostgreSQL's log says when
    /// it arrived and not when it was written. Empty where the headers tell enough.
    public var behind: [LogPart]
    /// What is missing behind `behind`; a target that is not before it cannot be reached.
    public var hole: String?
    /// What the replay is told: `target`, or the end where nothing is younger.
    public var replayTarget: LogTarget
    /// Where the log that is fetched ends.
    public var end: Moment
    /// Bytes of the base's files.
    public var baseByteCount: UInt64
    /// Bytes of log as stored.
    public var storedLogByteCount: UInt64
    /// Bytes of log to replay.
    public var logByteCount: UInt64
    /// How long it may take.
    public var predicted: Duration

    /// A timeline on the way.
    public struct Branch: Sendable, Hashable, Codable {
        /// Its number.
        public var timeline: UInt32
        /// Where it is left.
        public var cutoff: LogPlace?
    }
}

/// A place in the history of a database that can be named in three ways.
public struct Moment: Sendable, Hashable, Codable {
    /// The timeline.
    public var timeline: UInt32
    /// The place in its log; nil where only a base says so.
    public var place: LogPlace?
    /// The position, in the engine's own words.
    public var position: String
    /// Seconds since 1970; nil where nothing says so.
    public var time: Double?

    /// A moment.
    public init(timeline: UInt32, place: LogPlace?, position: String, time: Double?) {
        self.timeline = timeline
        self.place = place
        self.position = position
        self.time = time
    }

    init(_ base: RestoreBase) {
        self.init(timeline: base.timeline, place: base.place, position: base.position, time: base.time)
    }
}
