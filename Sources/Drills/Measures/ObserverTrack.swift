/// What the observer's log says when all is over: who answered when, and whether it looked all the time.
struct ObserverTrack {
    /// An answer to a probe, or that there was none.
    struct Answer: Hashable {
        var asked: Double
        var at: Double
        var isGood: Bool
    }

    /// A span without a line is one in which nobody looked, seconds.
    static let longestSilence = 3.0
    /// The two clocks may differ by so much more from one second to the next, seconds.
    static let largestClockStep = 0.5

    private(set) var answers: [String: [Answer]] = [:]
    private(set) var acknowledged: [(number: Int, at: Double)] = []
    private(set) var found: [Int: (row: Bool?, file: Bool?)] = [:]
    private(set) var firstFound: Double?
    private var lines: [Double] = []
    private var clocks: [(at: Double, wall: Double)] = []
    private var ended: Double?

    init(_ records: [ObserverRecord]) {
        for record in records {
            if case .found(let number, let at, let row, let file) = record {
                found[number] = (row, file)
                firstFound = min(firstFound ?? at, at)
                continue
            }
            lines.append(record.at)
            ended = nil
            switch record {
            case .probe(let name, let at, let seconds, let isGood, _):
                answers[name, default: []].append(Answer(asked: at - seconds, at: at, isGood: isGood))
            case .acknowledged(let number, let at): acknowledged.append((number, at))
            case .clock(let at, let wall): clocks.append((at, wall))
            case .ended(let at): ended = at
            default: break
            }
        }
        lines.sort()
        clocks.sort { $0.at < $1.at }
        for name in answers.keys { answers[name]?.sort { $0.at < $1.at } }
    }

    /// From when on all of `names` answer without a failure, asked behind `moment`, until `end`; nil when they do not.
    func up(_ names: [String], after moment: Double, until end: Double) -> Double? {
        guard !names.isEmpty else { return nil }
        var up = moment
        for name in names {
            let known = (answers[name] ?? []).filter { $0.at <= end }
            let since = known.lastIndex { !$0.isGood }.map { known[($0 + 1)...] } ?? known[...]
            guard let first = since.first(where: { $0.asked >= moment }) else { return nil }
            // What answered all the time is up since then; what did not, since its first right answer.
            if since.first?.asked ?? 0 >= moment, since.startIndex > 0 { up = max(up, first.at) }
        }
        return up
    }

    /// Spans before `end` in which the observer was blind: it wrote nothing, or a probe of `names` was not asked.
    func gaps(until end: Double, probes: [Probe], names: [String]) -> [DrillMeasures.Gap] {
        var gaps = Self.silences(lines.filter { $0 <= end }, longest: Self.longestSilence).map {
            DrillMeasures.Gap(begin: $0, end: $1, probe: nil)
        }
        // It ended in order, and what was written was looked for: nobody had to look any more.
        let last = lines.last { $0 <= end } ?? end
        if end - last > Self.longestSilence, !(ended == last && firstFound != nil) {
            gaps.append(DrillMeasures.Gap(begin: last, end: end, probe: nil))
        }
        for probe in probes where names.contains(probe.name) {
            let longest = probe.every.seconds + probe.timeout.seconds + Self.longestSilence
            let asked = (answers[probe.name] ?? []).map(\.at).filter { $0 <= end }
            let silences = Self.silences(asked, longest: longest)
            gaps += silences.map { DrillMeasures.Gap(begin: $0, end: $1, probe: probe.name) }
        }
        return gaps
    }

    private static func silences(_ moments: [Double], longest: Double) -> [(Double, Double)] {
        zip(moments, moments.dropFirst()).filter { $1 - $0 > longest }
    }

    /// Moments at which wall time jumped.
    var clockSteps: [DrillMeasures.ClockStep] {
        zip(clocks, clocks.dropFirst()).compactMap { before, after in
            let step = (after.wall - after.at) - (before.wall - before.at)
            return abs(step) > Self.largestClockStep ? DrillMeasures.ClockStep(at: after.at, seconds: step) : nil
        }
    }

    /// Beats as a store's loss is measured from them.
    func beats(_ store: BeatStore) -> [LossMeasure.Beat] {
        acknowledged.map { number, at in
            let fate = found[number]
            return LossMeasure.Beat(
                number: number, acknowledged: at, isHeld: store == .database ? fate?.row : fate?.file)
        }
    }

    /// Spans in which a probe failed: from the first failure to the first right answer, nil when none came.
    func down(_ name: String) -> [(from: Double, to: Double?)] {
        var spans: [(from: Double, to: Double?)] = []
        var since: Double?
        for answer in answers[name] ?? [] {
            if !answer.isGood { since = since ?? answer.at }
            if answer.isGood, let from = since {
                spans.append((from, answer.at))
                since = nil
            }
        }
        if let since { spans.append((since, nil)) }
        return spans
    }
}
