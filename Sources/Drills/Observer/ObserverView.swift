/// What the observer's log says so far, as the runner needs it.
public struct ObserverView: Sendable {
    private let log: LineLog<ObserverRecord>
    private var cursor = LineLog<ObserverRecord>.Cursor()
    private let probes: [Probe]
    private var states: [String: State] = [:]
    /// So many beats were acknowledged.
    public private(set) var acknowledgedCount = 0
    /// When the last line was written, seconds of the clock that never steps.
    public private(set) var last: Double?

    private struct State {
        var failures = 0
        /// Since when it fails, or answers.
        var since = 0.0
        var isGood = false
        var isKnown = false
        /// When it was asked last.
        var asked = 0.0
        /// When it crossed its threshold for the first time after `from`.
        var crossed: Double?
    }

    /// A view of a log that may grow.
    public init(_ folder: DrillFolder, probes: [Probe]) {
        log = LineLog(folder.observer)
        self.probes = probes
    }

    /// Reads what is new.
    public mutating func update() throws {
        for record in try log.read(from: &cursor) { apply(record) }
    }

    mutating func apply(_ record: ObserverRecord) {
        last = max(last ?? 0, record.at)
        switch record {
        case .acknowledged: acknowledgedCount += 1
        case .probe(let name, let at, let seconds, let isGood, _): apply(name, at, asked: at - seconds, isGood)
        case .clock, .began, .ended, .sent, .captured, .refused, .found: break
        }
    }

    private mutating func apply(_ name: String, _ at: Double, asked: Double, _ isGood: Bool) {
        var state = states[name] ?? State()
        if state.isGood != isGood || !state.isKnown { state.since = at }
        state.isKnown = true
        state.asked = asked
        state.isGood = isGood
        state.failures = isGood ? 0 : state.failures + 1
        if let probe = probes.first(where: { $0.name == name }), state.failures == probe.threshold {
            state.crossed = at
        }
        states[name] = state
    }

    /// The first of `names` that has crossed its threshold since `moment`, and when.
    public func detected(by names: [String], since moment: Double) -> (probe: String, at: Double)? {
        names.compactMap { name in
            guard let at = states[name]?.crossed, at >= moment else { return nil }
            return (name, at)
        }.min { $0.at < $1.at }
    }

    /// The first of `names` that crossed its threshold after `moment` and has not answered since, and when.
    func lost(_ names: [String], since moment: Double) -> (probe: String, at: Double)? {
        names.compactMap { name in
            guard let state = states[name], !state.isGood, let at = state.crossed, at > moment, at >= state.since else {
                return nil
            }
            return (name, at)
        }.min { $0.at < $1.at }
    }

    /// Since when all of `names` answer without a failure, when they do and each was asked after `moment`; nil for no names.
    public func isUp(_ names: [String], asked moment: Double) -> Double? {
        var up = 0.0
        for name in names {
            guard let state = states[name], state.isGood, state.asked >= moment else { return nil }
            up = max(up, state.since)
        }
        return names.isEmpty ? nil : up
    }
}
