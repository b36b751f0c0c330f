/// What a drill proves.
public enum Verdict: String, Sendable, Hashable, Codable {
    /// Every objective was met, and everything that must be proven was.
    case pass
    /// An objective was missed, a step failed, or data is damaged.
    case fail
    /// It proves nothing: the measuring itself was not good enough.
    case inconclusive
}

/// Why a verdict is what it is.
public struct VerdictReason: Sendable, Hashable, Codable {
    /// What it makes of the verdict.
    public var verdict: Verdict
    /// A word for programs: `rto_full`, `hole`, `observer_gap`.
    public var code: String
    /// A sentence for people.
    public var message: String

    /// A reason.
    public init(_ verdict: Verdict, _ code: String, _ message: String) {
        self.verdict = verdict
        self.code = code
        self.message = message
    }
}

extension [VerdictReason] {
    /// The verdict of all together: what is damaged is damaged, whoever looked; then what cannot be known; then pass.
    public var verdict: Verdict {
        if contains(where: { $0.verdict == .fail }) { return .fail }
        if contains(where: { $0.verdict == .inconclusive }) { return .inconclusive }
        return .pass
    }
}
