public import Runbooks
import Trees

/// A step of a drill, or a decision, all its attempts together. Its JSON has `seconds` beside the keys that are read.
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

    private enum MoreKeys: String, CodingKey {
        case seconds
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

    /// From the beginning of the first attempt to the end of the last; nil when it did not end.
    public var seconds: Double? {
        guard let from = Timestamp(rfc3339: started), let to = ended.flatMap({ Timestamp(rfc3339: $0) }) else {
            return nil
        }
        return Double(to.seconds - from.seconds) + (Double(to.nanoseconds) - Double(from.nanoseconds)) / 1e9
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(testID, forKey: .testID)
        try container.encode(step, forKey: .step)
        try container.encode(host, forKey: .host)
        try container.encode(phase, forKey: .phase)
        try container.encode(started, forKey: .started)
        try container.encodeIfPresent(ended, forKey: .ended)
        try container.encodeIfPresent(exit, forKey: .exit)
        try container.encode(attempts, forKey: .attempts)
        try container.encodeIfPresent(logObject, forKey: .logObject)
        var more = encoder.container(keyedBy: MoreKeys.self)
        try more.encodeIfPresent(seconds, forKey: .seconds)
    }
}
