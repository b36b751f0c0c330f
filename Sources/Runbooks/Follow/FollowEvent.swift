/// Something that happened while a person followed a runbook. The state is made of these and nothing else, so that who was
/// interrupted goes on where the last line of the log stands.
public enum FollowEvent: Sendable, Hashable, Codable {
    /// It began.
    case began(FollowBeginning)
    /// Somebody went on after an interruption.
    case resumed
    /// A variable got a value, given or typed.
    case set(name: String, value: String)
    /// A text was read: the number of the item.
    case read(item: Int)
    /// A step was begun, for the nth time, from 1.
    case stepBegan(id: String, attempt: Int)
    /// It ended.
    case stepEnded(id: String, outcome: FollowOutcome)
    /// Somebody left it out, and why.
    case skipped(id: String, reason: String)
    /// What was to be decided was decided.
    case decided(id: String, value: String)
    /// Somebody decides anew: that decision, and all that comes after it, is to be done again.
    case wentBack(to: String)
    /// Nothing further is done, and why.
    case aborted(reason: String)
    /// All of it is done.
    case ended
    /// The ledger has it.
    case recorded
}

/// What following begins with.
public struct FollowBeginning: Sendable, Hashable, Codable {
    /// The scenario.
    public var scenario: String
    /// The file of the runbook.
    public var file: String
    /// SHA-256 of it, hexadecimal.
    public var digest: String
    /// The machine that it is followed on.
    public var host: String
    /// When the emergency began, seconds since 1970: the clock runs from then.
    public var since: Double

    /// A beginning.
    public init(scenario: String, file: String, digest: String, host: String, since: Double) {
        self.scenario = scenario
        self.file = file
        self.digest = digest
        self.host = host
        self.since = since
    }
}

/// How a step ended that a person carried out.
public struct FollowOutcome: Sendable, Hashable, Codable {
    /// Who did it.
    public enum Way: String, Sendable, Hashable, Codable {
        /// This program, when told to.
        case here
        /// A person, elsewhere.
        case byHand = "by_hand"
    }

    /// Who did it.
    public var way: Way
    /// What went wrong; nil when nothing did.
    public var failure: String?
    /// Did what shows that it worked hold? Nil when nobody looked.
    public var isVerified: Bool?
    /// The value that it sets.
    public var value: String?

    /// An outcome.
    public init(way: Way, failure: String? = nil, isVerified: Bool? = nil, value: String? = nil) {
        self.way = way
        self.failure = failure
        self.isVerified = isVerified
        self.value = value
    }
}

/// A line of the log.
public struct FollowRecord: Sendable, Hashable, Codable {
    /// Seconds since 1970.
    public var at: Double
    /// What happened.
    public var event: FollowEvent

    /// A line.
    public init(at: Double, event: FollowEvent) {
        self.at = at
        self.event = event
    }
}
