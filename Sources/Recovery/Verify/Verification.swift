public import DataSources

/// What a verification found. Worse ones compare as greater.
public enum Verdict: String, Sendable, Codable, Comparable {
    /// It came back, and it is what it was.
    case pass
    /// It came back, and nothing says what it should be; or it could not be tried.
    case inconclusive
    /// It did not come back, or is not what it was.
    case fail

    public static func < (one: Verdict, other: Verdict) -> Bool { one.rank < other.rank }
    private var rank: Int { self == .pass ? 0 : self == .inconclusive ? 1 : 2 }
}

/// The record of one verification of a point.
public struct Verification: Sendable, Codable {
    /// The point.
    public var point: String
    /// Its plan.
    public var plan: String
    /// When, RFC 3339.
    public var started: String
    /// When it was done, RFC 3339.
    public var ended: String
    /// The worst of all parts.
    public var verdict: Verdict
    /// One for each source.
    public var parts: [VerifiedPart]
}

/// What was found of one source.
public struct VerifiedPart: Sendable, Codable {
    /// How its tables compare with the pins.
    public struct PinComparison: Sendable, Codable {
        /// Tables that are what they were.
        public var equal: Int
        /// Tables that are not: `app.files: 10 rows instead of 12`.
        public var different: [String]
        /// Tables that were not pinned, for want of time.
        public var leftOut: [String]
        /// Why nothing could be compared; nil when it was.
        public var notCompared: String?

        enum CodingKeys: String, CodingKey {
            case equal, different
            case leftOut = "left_out"
            case notCompared = "not_compared"
        }
    }

    /// What an assertion was answered.
    public struct AssertionOutcome: Sendable, Codable {
        /// The claim.
        public var name: String
        /// Whether it holds.
        public var holds: Bool
        /// The answer, or the engine's error.
        public var answer: String
    }

    /// How long a phase took.
    public struct PhaseTime: Sendable, Codable {
        /// The phase.
        public var phase: PointRestore.Phase
        /// Seconds.
        public var seconds: Double
    }

    /// The source.
    public var source: String
    /// Its kind.
    public var kind: SourceKind
    /// What was found.
    public var verdict = Verdict.pass
    /// The engine's own words when it is not a pass, or the reason.
    public var message = ""
    /// What the engine's checks said.
    public var checks: [CheckOutcome] = []
    /// How the content compares.
    public var pins: PinComparison?
    /// What the configured questions were answered.
    public var assertions: [AssertionOutcome] = []
    /// How long each phase took.
    public var phases: [PhaseTime] = []
    /// Bytes that were restored.
    public var byteCount: UInt64 = 0

    enum CodingKeys: String, CodingKey {
        case source, kind, verdict, message, checks, pins, assertions, phases
        case byteCount = "byte_count"
    }

    init(source: String, kind: SourceKind) {
        self.source = source
        self.kind = kind
    }

    mutating func worsen(to verdict: Verdict, _ message: String) {
        if verdict > self.verdict {
            self.verdict = verdict
            self.message = message
        } else if verdict == self.verdict, verdict != .pass {
            self.message += "; " + message
        }
    }
}
