/// A line of `canary.jsonl`: what the canary heard. Moments are seconds of the machine's clock that never steps.
///
/// The canary is an address outside of the environment that nobody has a reason to speak to. A drill copy that does has a way out.
public enum CanaryRecord: Sendable, Hashable, Codable {
    /// A process listens from now on, and knows its own side by this word.
    case listening(at: Double, process: Int32, word: String)
    /// Its own side spoke to it: it hears.
    case control(at: Double, port: CanaryPort)
    /// Somebody else did, `byteCount` bytes at first; none of them are kept. `by` is the host when it was our own try.
    case heard(at: Double, wall: Double, port: CanaryPort, from: String, byteCount: Int, by: String?)
    /// So much arrived that the rest is not written down.
    case flooded(at: Double)
    /// It ended because it was told to.
    case ended(at: Double)
}

/// A port and how it is spoken to.
public struct CanaryPort: Sendable, Hashable, Codable, CustomStringConvertible {
    /// How.
    public enum Means: String, Sendable, Hashable, Codable, CaseIterable {
        /// Connections.
        case tcp
        /// Datagrams, such as questions of DNS.
        case udp
    }

    /// How.
    public var means: Means
    /// Its number.
    public var number: UInt16

    /// A port.
    public init(_ means: Means, _ number: UInt16) {
        self.means = means
        self.number = number
    }

    public var description: String { "\(means.rawValue)/\(number)" }
}

/// A line of `fence.jsonl`: somebody tried to reach the canary, and what came of it.
public struct FenceTry: Sendable, Hashable, Codable {
    /// What came of it.
    public enum Outcome: String, Sendable, Hashable, Codable {
        /// There is no way there.
        case closed
        /// A connection was made.
        case reached
        /// It was sent; only the canary knows whether it arrived.
        case sent
        /// It could not be tried.
        case untried
    }

    /// When, seconds of the clock that never steps.
    public var at: Double
    /// From where: a host; `canary` for its own side.
    public var host: String
    /// To which port; nil when nothing could be tried.
    public var port: CanaryPort?
    /// What came of it.
    public var outcome: Outcome
    /// What the system said.
    public var detail: String

    /// A try.
    public init(at: Double, host: String, port: CanaryPort?, outcome: Outcome, detail: String) {
        self.at = at
        self.host = host
        self.port = port
        self.outcome = outcome
        self.detail = detail
    }
}
