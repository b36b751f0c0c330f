/// What the ledger keeps of a drill: the detail of an event of kind `drill`, written once, when the drill has ended and its report
/// is stored. JSON with the keys of the test, and `steps` and `reasons` beside them; a reader ignores keys it does not know.
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
    /// SHA-256 of scenario, environment and runbook as they were written, hexadecimal; what the next drill is compared with.
    public var planDigest: String?

    /// A payload.
    public init(
        test: DisasterRecoveryTest, steps: [DisasterRecoveryStep], reasons: [VerdictReason] = [],
        planDigest: String? = nil
    ) {
        self.test = test
        self.steps = steps
        self.reasons = reasons
        self.planDigest = planDigest
    }

    private enum CodingKeys: String, CodingKey {
        case steps, reasons
        case planDigest = "plan_digest"
    }

    public init(from decoder: any Decoder) throws {
        test = try DisasterRecoveryTest(from: decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        steps = try container.decode([DisasterRecoveryStep].self, forKey: .steps)
        reasons = try container.decodeIfPresent([VerdictReason].self, forKey: .reasons) ?? []
        planDigest = try container.decodeIfPresent(String.self, forKey: .planDigest)
    }

    public func encode(to encoder: any Encoder) throws {
        try test.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(steps, forKey: .steps)
        try container.encode(reasons, forKey: .reasons)
        try container.encodeIfPresent(planDigest, forKey: .planDigest)
    }
}
