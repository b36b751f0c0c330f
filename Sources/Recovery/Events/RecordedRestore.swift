/// `restore`: something was brought back, taken back, or accepted.
public struct RecordedRestore: Decodable, Sendable, Hashable {
    /// How it was handed over.
    public struct Handover: Decodable, Sendable, Hashable {
        /// The profile that masked; nil when none did.
        public var mask: String?
        /// Why nothing was masked.
        public var unmaskedReason: String?
        /// Subjects that were erased again.
        public var erasedCount: Int?

        enum CodingKeys: String, CodingKey {
            case mask
            case unmaskedReason = "unmasked_reason"
            case erasedCount = "erased_count"
        }
    }

    /// The recovery point; nil where several were used.
    public var point: String?
    /// The sources.
    public var sources: [String]
    /// `folder`, `in-place`, `scratch`, or `host:port`.
    public var target: String
    /// `finished`, `undone`, `accepted`.
    public var outcome: String
    /// When it began, RFC 3339.
    public var started: String?
    /// The timeline that was followed, or begun.
    public var timeline: UInt32?
    /// The position that was reached.
    public var position: String?
    /// How far files are from rows, seconds.
    public var skewSeconds: Double?
    /// Erasures and masks.
    public var handover: Handover?

    enum CodingKeys: String, CodingKey {
        case point, sources, target, outcome, started, timeline, position, handover
        case skewSeconds = "skew_seconds"
    }
}

/// `verification`: a point was restored into scratch and questioned.
public struct RecordedVerification: Decodable, Sendable, Hashable {
    /// One source.
    public struct Part: Codable, Sendable, Hashable {
        /// Its name.
        public var source: String
        /// Its kind.
        public var kind: String
        /// What was found.
        public var verdict: String
        /// Why it is not a pass.
        public var message: String
        /// Bytes that were restored.
        public var byteCount: UInt64

        enum CodingKeys: String, CodingKey {
            case source, kind, verdict, message
            case byteCount = "byte_count"
        }
    }

    /// The point.
    public var point: String
    /// Its plan.
    public var plan: String
    /// When, RFC 3339.
    public var started: String
    /// When it was done, RFC 3339.
    public var ended: String
    /// `pass`, `inconclusive`, `fail`: the worst of all parts.
    public var verdict: String
    /// One for each source.
    public var parts: [Part]
}

/// `forget`: points were dropped, or log that no point needs.
public struct RecordedForget: Decodable, Sendable, Hashable {
    /// IDs of points that went.
    public var points: [String]?
    /// Journals that were trimmed.
    public var journals: [JournalRetention.Trimmed]?
}

/// `journal`: something that matters to whoever looks after a journal.
public struct RecordedJournal: Decodable, Sendable, Hashable {
    /// `started`, `timeline`, `gap`, or another of a later release.
    public var action: String
    /// The source.
    public var source: String
    /// Its timeline.
    public var timeline: UInt32
    /// Why the timeline began; what is missing.
    public var reason: String?
    /// Is a new base needed before any second behind it can be restored?
    public var isBaseDue: Bool

    enum CodingKeys: String, CodingKey {
        case action, source, timeline, reason
        case isBaseDue = "is_base_due"
    }
}
