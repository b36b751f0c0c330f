/// A line of the observer's log. All times are seconds of the machine's clock that never steps (CLOCK_BOOTTIME), so that lines
/// of the observer, the runner and the injector can be compared.
public enum ObserverRecord: Sendable, Hashable, Codable {
    /// It runs: the clock that never steps and wall time at one moment, seconds since 1970. Written every second: a step of the
    /// wall clock and a gap of the observer both show.
    case clock(at: Double, wall: Double)
    /// It began, as this process.
    case began(at: Double, process: Int32)
    /// It was told to end, and did.
    case ended(at: Double)
    /// A probe was answered or not; `at` is when the answer was there or was given up, `seconds` after it was asked.
    case probe(name: String, at: Double, seconds: Double, isGood: Bool, reason: String?)
    /// Beat `number` was sent.
    case sent(number: Int, at: Double)
    /// What answers to beat `number` said that it is looked for with. Written with its acknowledgement.
    case captured(number: Int, at: Double, values: [String: String])
    /// It was acknowledged.
    case acknowledged(number: Int, at: Double)
    /// It was not.
    case refused(number: Int, at: Double, reason: String)
    /// It was looked for: is its row, is its file there? Nil when that could not be found out.
    case found(number: Int, at: Double, row: Bool?, file: Bool?)

    /// When.
    public var at: Double {
        switch self {
        case .clock(let at, _), .began(let at, _), .ended(let at), .probe(_, let at, _, _, _), .sent(_, let at),
            .captured(_, let at, _), .acknowledged(_, let at), .refused(_, let at, _), .found(_, let at, _, _):
            at
        }
    }
}

/// Stores whose loss is measured apart.
public enum BeatStore: String, Sendable, Hashable, Codable, CaseIterable {
    case database, files
}
