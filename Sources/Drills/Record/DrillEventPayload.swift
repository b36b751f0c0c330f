public import Runbooks

/// What the ledger keeps of a drill: the detail of an event of kind `drill`, written once, when the drill has ended and its report
/// is stored. JSON with the keys below; a reader ignores keys it does not know.
///
///     try await context.recorder.record(DrillEventPayload.kind, payload)
///
/// A drill that is recorded twice (its runner died between the event and the end of its log) counts once, the later event of it.
public struct DrillEventPayload: Sendable, Hashable, Codable {
    /// The kind of the event.
    public static let kind = "drill"

    /// What was measured.
    public var test: DisasterRecoveryTest
    /// Steps and decisions, in the order in which they were begun.
    public var steps: [DisasterRecoveryStep]
    /// Why the verdict is what it is; empty for a pass with nothing to add.
    public var reasons: [VerdictReason]

    /// A payload.
    public init(test: DisasterRecoveryTest, steps: [DisasterRecoveryStep], reasons: [VerdictReason] = []) {
        self.test = test
        self.steps = steps
        self.reasons = reasons
    }
}

/// A step of a drill, or a decision, all its attempts together.
public struct DisasterRecoveryStep: Sendable, Hashable, Codable {
    /// The drill.
    public var testID: String
    /// Its name in the runbook.
    public var step: String
    /// Where it was carried out; `operator` for decisions.
    public var host: String
    /// What its time counts to; `RecoveryPhase` as text, so that phases of later releases can be read.
    public var phase: String
    /// When its first attempt began, RFC 3339, UTC.
    public var started: String
    /// When its last attempt ended, RFC 3339, UTC; nil when it never did.
    public var ended: String?
    /// Exit status of the last attempt; nil for decisions, and for what was ended or could not be started.
    public var exit: Int32?
    /// How often it was begun.
    public var attempts: Int
    /// The object in the store with what it said; nil when nothing is kept.
    public var logObject: String?

    enum CodingKeys: String, CodingKey {
        case step, host, phase, started, ended, exit, attempts
        case testID = "test_id"
        case logObject = "log_object"
    }

    /// A step.
    public init(
        testID: String, step: String, host: String, phase: RecoveryPhase, started: String, ended: String?,
        exit: Int32?, attempts: Int, logObject: String? = nil
    ) {
        self.testID = testID
        self.step = step
        self.host = host
        self.phase = phase.rawValue
        self.started = started
        self.ended = ended
        self.exit = exit
        self.attempts = attempts
        self.logObject = logObject
    }
}
