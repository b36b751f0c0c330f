public import Runbooks

/// What a drill measured, computed afterwards from the logs alone. All moments are seconds of the clock that never steps.
public struct DrillMeasures: Sendable, Hashable {
    /// A span of a phase.
    public struct PhaseSpan: Sendable, Hashable {
        /// What the time went to.
        public var phase: RecoveryPhase
        /// From when.
        public var begin: Double
        /// Until when.
        public var end: Double
    }

    /// A span in which nobody looked.
    public struct Gap: Sendable, Hashable {
        /// From when.
        public var begin: Double
        /// Until when.
        public var end: Double
        /// The probe that was not asked; nil when the observer wrote nothing at all.
        public var probe: String?
    }

    /// Wall time jumped.
    public struct ClockStep: Sendable, Hashable {
        /// When it was noticed.
        public var at: Double
        /// By how many seconds.
        public var seconds: Double
    }

    /// Just before the first fault, by the injector's truth.
    public var fault: Double?
    /// When a probe crossed its threshold.
    public var detected: Double?
    /// When somebody said that it is an emergency.
    public var declared: Double?
    /// From when on the degraded service answered without a failure.
    public var degraded: Double?
    /// From when on the whole service answered without a failure.
    public var recovered: Double?
    /// When nobody looked at the service any more: the read-back began, or the drill stopped.
    public var end: Double
    /// Time that people took for declaring and deciding, seconds; a part of the times above.
    public var humanSeconds: Double
    /// From the fault until the service was whole, or the end.
    public var phases: [PhaseSpan]
    /// Rows that were lost.
    public var database: LossMeasure
    /// Files that were lost.
    public var files: LossMeasure
    /// Was every beat looked for?
    public var isReadBack: Bool
    /// Probes that never answered right before the fault, so that what they say behind it means nothing.
    public var neverGood: [String]
    /// Where nobody looked.
    public var gaps: [Gap]
    /// Where wall time jumped.
    public var clockSteps: [ClockStep]
    /// The chosen position against the truth; nil when nothing was chosen, or there is nothing to compare it with.
    public var choice: RestoreChoice?
    /// Why the runbook was not carried out to its end; nil when it was.
    public var stop: String?
    /// Did somebody end the drill?
    public var isInterrupted: Bool

    /// Measures a drill.
    ///
    /// - Parameters:
    ///   - records: the runner's log.
    ///   - observed: the observer's.
    ///   - truths: the injector's.
    ///   - scenario: what counts as detected, degraded, recovered.
    ///   - runbook: says what the time of a step counts to.
    public init(
        records: [DrillRecord], observed: [ObserverRecord], truths: [FaultTruth], scenario: Scenario, runbook: Runbook
    ) {
        let track = ObserverTrack(observed)
        let story = DrillStory(records, runbook)
        (stop, isInterrupted) = (story.stop?.reason, story.isInterrupted)
        end = min(
            story.stop?.at ?? .infinity, track.firstFound ?? .infinity, story.readBack ?? .infinity,
            records.last?.at ?? 0)
        fault = truths.map(\.began).min()
        detected = story.detected
        declared = story.declared
        humanSeconds = story.humanSeconds
        isReadBack = story.readBack != nil && track.firstFound != nil
        let degradedBy = scenario.degradedBy.isEmpty ? scenario.recoveredBy : scenario.degradedBy
        let (begin, last) = (detected, end)
        degraded = begin.flatMap { track.up(degradedBy, after: $0, until: last) }
        recovered = begin.flatMap { track.up(scenario.recoveredBy, after: $0, until: last) }
        let moment = fault ?? .infinity
        database = LossMeasure(store: .database, beats: track.beats(.database), fault: moment)
        files = LossMeasure(store: .files, beats: track.beats(.files), fault: moment)
        let names = scenario.detectedBy + scenario.recoveredBy + scenario.degradedBy
        neverGood = Set(names).sorted().filter { name in
            !(track.answers[name] ?? []).contains { $0.isGood && $0.at <= moment }
        }
        gaps = track.gaps(until: end, probes: scenario.probes, names: names)
        clockSteps = track.clockSteps
        phases = []
        choice = RestoreChoice(decided: story.decided, truths: truths)
        if let fault {
            let until = recovered ?? end
            phases = PhaseTimes.spans(
                fault: fault, detected: detected, declared: declared,
                work: PhaseTimes.work(records, runbook.actions, until: until), until: until)
        }
    }

    /// From the fault to the degraded service, seconds.
    public var degradedSeconds: Double? { Self.span(fault, degraded) }
    /// From the fault to the whole service, seconds.
    public var fullSeconds: Double? { Self.span(fault, recovered) }

    /// How long each phase took, seconds, in the order of `RecoveryPhase`; phases that took nothing are left out.
    public var phaseSeconds: [(phase: RecoveryPhase, seconds: Double)] {
        RecoveryPhase.allCases.compactMap { phase in
            let own = phases.filter { $0.phase == phase }
            return own.isEmpty ? nil : (phase, own.reduce(0) { $0 + $1.end - $1.begin })
        }
    }

    /// Somebody ended the drill while there was time left for what has not come: that it would have been missed is not known.
    public func isLeftOpen(_ achieved: Double?, within objective: Duration) -> Bool {
        guard achieved == nil, isInterrupted, let fault else { return false }
        return end - fault <= objective.seconds
    }

    private static func span(_ begin: Double?, _ end: Double?) -> Double? {
        guard let begin, let end else { return nil }
        return end - begin
    }
}

/// What the runner's log tells.
struct DrillStory {
    var detected: Double?
    var declared: Double?
    var humanSeconds = 0.0
    var readBack: Double?
    var decided: [String] = []
    /// Why and when the runbook was not carried out any further.
    var stop: (at: Double, reason: String)?
    var isInterrupted = false

    init(_ records: [DrillRecord], _ runbook: Runbook) {
        // The machine itself knows what stops a drill.
        var machine = DrillMachine(runbook, minimumBeatCount: 0)
        for record in records {
            machine.apply(record.event)
            if stop == nil, let reason = machine.stop { stop = (record.at, reason) }
            switch record.event {
            case .detected: detected = detected ?? record.at
            case .declared(_, let seconds):
                declared = record.at
                humanSeconds += seconds
            case .decided(_, let value, _, let seconds):
                decided.append(value)
                humanSeconds += seconds
            case .readBack: readBack = record.at
            case .aborted(let reason): isInterrupted = reason == DrillRun.interruption
            default: break
            }
        }
    }
}
