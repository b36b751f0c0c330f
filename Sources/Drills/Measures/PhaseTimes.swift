import Runbooks

/// What the time from fault to recovery went to. Every moment counts to one phase: that of what was begun first of all that ran then;
/// where nothing ran, that of what came next; behind the last action `switch`.
struct PhaseTimes {
    /// An action of the runbook as it was carried out, all attempts together.
    struct Work {
        var phase: RecoveryPhase
        var begin: Double
        var end: Double
    }

    /// The work of steps and decisions in `records`; what never ended, ends at `end`.
    static func work(_ records: [DrillRecord], _ actions: [RunbookAction], until end: Double) -> [Work] {
        var phases: [String: RecoveryPhase] = [:]
        for case .step(let step) in actions { phases[step.id] = step.phase }
        var open: [String: Double] = [:]
        var work = [Work]()
        for record in records {
            switch record.event {
            case .stepBegan(let id, _), .asked(let id): open[id] = open[id] ?? record.at
            case .stepEnded(let id, _), .decided(let id, _, _, _):
                guard let begin = open.removeValue(forKey: id) else { continue }
                work.append(Work(phase: phases[id] ?? .decide, begin: begin, end: record.at))
            default: break
            }
        }
        work += open.map { Work(phase: phases[$0.key] ?? .decide, begin: $0.value, end: end) }
        return work.sorted { $0.begin < $1.begin }
    }

    /// Divides the time from `fault` to `end`.
    static func spans(
        fault: Double, detected: Double?, declared: Double?, work: [Work], until end: Double
    ) -> [DrillMeasures.PhaseSpan] {
        var all = [Work(phase: .detect, begin: fault, end: detected ?? end)]
        if let detected { all.append(Work(phase: .decide, begin: detected, end: declared ?? end)) }
        all += work
        let cuts = Set(all.flatMap { [$0.begin, $0.end] } + [end]).filter { $0 >= fault && $0 <= end }.sorted()
        var spans = [DrillMeasures.PhaseSpan]()
        for (from, to) in zip(cuts, cuts.dropFirst()) where to > from {
            let running = all.first { $0.begin <= from && $0.end >= to }
            let phase = running?.phase ?? all.first { $0.begin >= to }?.phase ?? .switch
            if spans.last?.phase == phase, spans.last?.end == from {
                spans[spans.count - 1].end = to
            } else {
                spans.append(DrillMeasures.PhaseSpan(phase: phase, begin: from, end: to))
            }
        }
        return spans
    }
}
