public import DataSources
public import Trees

/// What belongs together at one moment: the snapshots of a plan's sources, where the databases stood, and the configuration.
///
/// Written once, last, and never changed. Stored sealed as `lifeboat/points/<time>-<id>`, kind `point`, JSON with the fields
/// below; a reader ignores fields it does not know.
public struct RecoveryPoint: Sendable, Hashable, Codable {
    /// The format this program writes.
    public static let currentFormat = 1

    /// 1.
    public var format = RecoveryPoint.currentFormat
    /// 16 hexadecimal digits.
    public var id: String
    /// The service, as the configuration names it.
    public var service: String
    /// The plan that made it.
    public var plan: String
    /// The node that made it.
    public var node: String
    /// When the run began, RFC 3339, UTC.
    public var started: String
    /// When everything was stored, RFC 3339, UTC.
    public var ended: String
    /// The program that made it.
    public var programVersion: String
    /// One for each source of the plan, in the order in which they were read.
    public var parts: [PointPart]
    /// The configuration it was made by; secrets stand in it as references only.
    public var configuration: ConfigurationCopy
    /// How far the erasure ledger had come; nil for points of versions without one.
    public var erasures: ErasureHead?

    /// The configuration file of a moment.
    public struct ConfigurationCopy: Sendable, Hashable, Codable {
        /// SHA-256 of the text, hexadecimal.
        public var digest: String
        /// The text.
        public var text: String

        /// A copy.
        public init(digest: String, text: String) {
            self.digest = digest
            self.text = text
        }
    }

    enum CodingKeys: String, CodingKey {
        case format, id, service, plan, node, started, ended, parts, configuration, erasures
        case programVersion = "program_version"
    }

    /// Describes a point.
    public init(
        id: String, service: String, plan: String, node: String, started: String, ended: String,
        programVersion: String, parts: [PointPart], configuration: ConfigurationCopy
    ) {
        self.id = id
        self.service = service
        self.plan = plan
        self.node = node
        self.started = started
        self.ended = ended
        self.programVersion = programVersion
        self.parts = parts
        self.configuration = configuration
    }

    /// Did every source come through whole?
    public var isWhole: Bool { parts.allSatisfy { $0.outcome == .complete } }

    /// Parts whose source failed.
    public var failed: [PointPart] { parts.filter { $0.outcome == .failed } }

    /// The part of a source; nil when the point does not have it.
    public func part(_ source: String) -> PointPart? { parts.first { $0.source == source } }

    /// The longest time between the moments of two parts: how far apart database and files may be. Nil for fewer than two.
    public var skew: Duration? {
        let readings = parts.compactMap(\.reading)
        guard readings.count > 1 else { return nil }
        let from = readings.compactMap { Timestamp(rfc3339: $0.consistentFrom) }.min()
        let to = readings.compactMap { Timestamp(rfc3339: $0.consistentTo) }.max()
        guard let from, let to else { return nil }
        return .seconds(to.seconds - from.seconds) + .nanoseconds(Int64(to.nanoseconds) - Int64(from.nanoseconds))
    }

    /// The tag that its snapshots carry.
    public var tag: String { RecoveryPoint.tagPrefix + id }

    /// How tags of points' snapshots begin.
    public static let tagPrefix = "lifeboat-point:"

    /// When the run began.
    public var moment: Timestamp { Timestamp(rfc3339: started) ?? Timestamp(seconds: 0) }
}

/// One source within a point.
public struct PointPart: Sendable, Hashable, Codable {
    /// How the source came through.
    public enum Outcome: String, Sendable, Codable {
        /// All of it is there.
        case complete
        /// A snapshot was made, and some files could not be read.
        case incomplete
        /// There is no snapshot of it.
        case failed
        /// It is not to be backed up: a Redis that is a cache.
        case skipped
    }

    /// Which snapshot holds it. `tag` and `rewrite` of restic give a snapshot another ID, so it is known by these.
    public struct SnapshotReference: Sendable, Hashable, Codable {
        /// The tree.
        public var tree: String
        /// The snapshot's time, as it stands in it.
        public var time: String
        /// The host.
        public var host: String
        /// The ID it was given when it was made; for people.
        public var id: String

        /// Refers to a snapshot.
        public init(tree: String, time: String, host: String, id: String) {
            self.tree = tree
            self.time = time
            self.host = host
            self.id = id
        }
    }

    /// Why a source failed.
    public struct Failure: Sendable, Hashable, Codable {
        /// The kind, a word for scripts.
        public var kind: String
        /// What happened.
        public var message: String
        /// What to do.
        public var hint: String

        /// Tells of a failure.
        public init(kind: String, message: String, hint: String) {
            self.kind = kind
            self.message = message
            self.hint = hint
        }
    }

    /// The source's name.
    public var source: String
    /// Its kind.
    public var kind: SourceKind
    /// How it came through.
    public var outcome: Outcome
    /// Why not.
    public var failure: Failure?
    /// Where it is; nil when it failed.
    public var snapshot: SnapshotReference?
    /// What was read; nil when it failed.
    public var reading: SourceReading?
    /// Files in the snapshot.
    public var fileCount: UInt64 = 0
    /// Bytes of them.
    public var byteCount: UInt64 = 0
    /// Bytes that were new to the repository, as stored.
    public var addedByteCount: UInt64 = 0
    /// Files that could not be read.
    public var unreadableCount: UInt64 = 0
    /// How long it took, seconds.
    public var seconds: Double = 0
    /// The newest timeline of the source's journal when it was read; nil when it has none.
    public var timeline: UInt32?

    enum CodingKeys: String, CodingKey {
        case source, kind, outcome, failure, snapshot, reading, seconds
        case fileCount = "file_count"
        case byteCount = "byte_count"
        case addedByteCount = "added_byte_count"
        case unreadableCount = "unreadable_count"
        case timeline = "journal_timeline"
    }

    /// A part with nothing in it yet.
    public init(source: String, kind: SourceKind, outcome: Outcome) {
        self.source = source
        self.kind = kind
        self.outcome = outcome
    }
}
