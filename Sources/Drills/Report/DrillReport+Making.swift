public import Runbooks
import Sealing
import Trees

extension DrillReport {
    /// What a report is made of.
    public struct Material: Sendable {
        /// The runner's log.
        public var records: [DrillRecord]
        /// The observer's log.
        public var observed: [ObserverRecord]
        /// The injector's.
        public var truths: [FaultTruth]
        /// What was rehearsed.
        public var scenario: Scenario
        /// Where.
        public var environment: DrillEnvironment
        /// How.
        public var runbook: Runbook
        /// Bytes of the data that was restored; nil when nobody measured that.
        public var byteCount: UInt64?
        /// The canary's log.
        public var canary: [CanaryRecord] = []
        /// From where somebody tried to reach it.
        public var tries: [FenceTry] = []

        /// Material.
        public init(
            records: [DrillRecord], observed: [ObserverRecord], truths: [FaultTruth], scenario: Scenario,
            environment: DrillEnvironment, runbook: Runbook, byteCount: UInt64? = nil
        ) {
            self.records = records
            self.observed = observed
            self.truths = truths
            self.scenario = scenario
            self.environment = environment
            self.runbook = runbook
            self.byteCount = byteCount
        }
    }

    /// The report of a drill; nil when the log does not say how it began.
    public init?(_ material: Material) {
        guard let first = material.records.first, case .began(let beginning) = first.event else { return nil }
        let (scenario, environment) = (material.scenario, material.environment)
        let measures = DrillMeasures(
            records: material.records, observed: material.observed, truths: material.truths, scenario: scenario,
            runbook: material.runbook)
        let track = ObserverTrack(material.observed)
        let zero = measures.fault ?? first.at
        self.init(beginning, scenario, environment, verdict: .inconclusive)
        runbook = material.runbook.file
        faultTime = measures.fault.map { Self.time(first.wall + $0 - first.at) }
        faults = material.truths
        var loaded: LoadedPoint?
        for case .loaded(let point) in material.records.map(\.event) { loaded = point }
        let byteCount = material.byteCount ?? loaded?.byteCount ?? beginning.data?.byteCount
        data = DataSize(environment, byteCount: byteCount, measures)
        data.exposureSeconds = beginning.data?.exposureSeconds
        data.loaded = loaded
        reasons =
            VerdictReasons(
                records: material.records, truths: material.truths, scenario: scenario, measures: measures,
                sizeRatio: data.scalePercent.map { $0 / 100 }, canary: material.canary, dataKind: environment.dataKind,
                driver: environment.driver, runbookDigest: material.runbook.digest.hex
            ).all
        verdict = reasons.verdict
        headline = Self.headline(verdict, data, reasons)
        objectives = Self.objectives(scenario.objective, measures)
        moments = Moments(
            detected: measures.detected.map { $0 - zero }, declared: measures.declared.map { $0 - zero },
            degraded: measures.degraded.map { $0 - zero }, recovered: measures.recovered.map { $0 - zero },
            end: measures.end - zero)
        humanSeconds = measures.humanSeconds
        phases = measures.phases.map { Span(phase: $0.phase, begin: $0.begin - zero, end: $0.end - zero) }
        losses = measures.isReadBack ? [measures.database, measures.files] : []
        lostBeats = Self.lost(track, zero)
        beatCount = track.acknowledged.count
        choice = measures.choice
        steps = Step.all(material.records, material.runbook, zero)
        for case .restored(let found) in material.records.map(\.event) { restores = found }
        for case .proven(let what, let failure) in material.records.map(\.event) {
            proofs.append(Proof(what: what, failure: failure))
        }
        fence = Fence(material.canary, material.tries, zero)
        probes = scenario.probes.map { probe in
            ProbeRow(
                name: probe.name, count: track.answers[probe.name]?.count ?? 0,
                down: track.down(probe.name).map { Outage(begin: $0.from - zero, end: $0.to.map { $0 - zero }) })
        }
        gaps = measures.gaps.map { Blind(begin: $0.begin - zero, end: $0.end - zero, probe: $0.probe) }
    }

    private init(_ beginning: DrillBeginning, _ scenario: Scenario, _ environment: DrillEnvironment, verdict: Verdict) {
        id = beginning.id
        self.scenario = scenario.id
        title = scenario.title
        self.environment = environment.name
        driver = environment.driver.rawValue
        isAttended = beginning.isAttended
        seed = "\(beginning.seed)"
        began = beginning.time
        versions = beginning.versions
        (performedBy, approvedBy) = (beginning.performedBy, beginning.approvedBy)
        planDigest = beginning.planDigest
        runbook = scenario.runbook
        runbookDigest = beginning.runbookDigest
        data = DataSize(kind: environment.dataKind)
        if environment.bandwidth != nil || environment.delaySeconds != nil {
            link = Link(bandwidth: environment.bandwidth, delaySeconds: environment.delaySeconds)
        }
        self.verdict = verdict
        headline = verdict.rawValue
        (reasons, objectives, phases, losses, lostBeats, faults, steps, proofs, probes, gaps) = (
            [], [], [], [], [], [], [], [], [], []
        )
        moments = Moments(end: 0)
        (humanSeconds, beatCount) = (0, 0)
    }

    private static func headline(_ verdict: Verdict, _ data: DataSize, _ reasons: [VerdictReason]) -> String {
        if let reason = reasons.first(where: { VerdictReasons.unapproved.contains($0.code) }) {
            return "NOT PROVEN: \(reason.message)" + (verdict == .fail ? "; and \(reasons[0].message)" : "")
        }
        switch verdict {
        case .pass:
            guard let percent = data.scalePercent, percent < 50 else { return "pass" }
            let forecast = data.forecastFullSeconds.map { ", the whole would take \(TimeText.span($0))" } ?? ""
            return "pass at \(TimeText.percent(percent / 100)) of size\(forecast)"
        case .fail, .inconclusive:
            return verdict.rawValue + (reasons.first.map { ": \($0.message)" } ?? "")
        }
    }

    private static func objectives(_ objective: Scenario.Objective, _ measures: DrillMeasures) -> [ObjectiveRow] {
        func row(_ name: String, _ wanted: Duration, _ achieved: Double?, least: Double?, isKnown: Bool) -> ObjectiveRow
        {
            ObjectiveRow(
                name: name, objectiveSeconds: wanted.seconds, achievedSeconds: achieved, leastSeconds: least,
                isMet: isKnown ? achieved.map { $0 <= wanted.seconds } ?? false : nil)
        }
        let isKnown = measures.fault != nil && measures.detected != nil
        func time(_ name: String, _ wanted: Duration, _ achieved: Double?) -> ObjectiveRow {
            let isOpen = measures.isLeftOpen(achieved, within: wanted)
            return row(name, wanted, achieved, least: nil, isKnown: isKnown && !isOpen)
        }
        let losses = [
            ("rpo_database", objective.rpoDatabase, measures.database),
            ("rpo_files", objective.rpoFiles, measures.files),
        ].map { name, wanted, loss in
            let isMeasured = measures.isReadBack && isKnown && loss.countBefore > 0
            return row(
                name, wanted, isMeasured ? loss.achievedSeconds : nil, least: isMeasured ? loss.leastSeconds : nil,
                isKnown: isMeasured)
        }
        let degraded = objective.degraded.map {
            time("rto_degraded", $0, measures.degradedSeconds)
        }
        let full = time("rto_full", objective.full, measures.fullSeconds)
        return losses + [degraded, full].compactMap { $0 }
    }

    private static func lost(_ track: ObserverTrack, _ zero: Double) -> [LostBeat] {
        track.acknowledged.compactMap { number, at in
            guard let fate = track.found[number] else { return nil }
            let stores = [BeatStore.database: fate.row, .files: fate.file].filter { $0.value == false }.keys
            guard !stores.isEmpty else { return nil }
            return LostBeat(
                number: number, acknowledged: at - zero, stores: stores.sorted { $0.rawValue < $1.rawValue })
        }
    }

    static func time(_ seconds: Double) -> String {
        let whole = seconds.rounded(.down)
        let timestamp = Timestamp(seconds: Int64(whole), nanoseconds: UInt32((seconds - whole) * 1000) * 1_000_000)
        return timestamp.rfc3339
    }
}

extension DrillReport.DataSize {
    init(_ environment: DrillEnvironment, byteCount: UInt64?, _ measures: DrillMeasures) {
        self.init(
            kind: environment.dataKind, byteCount: byteCount, productionByteCount: environment.productionByteCount)
        guard let byteCount, let whole = productionByteCount, whole > 0 else { return }
        let ratio = Double(byteCount) / Double(whole)
        scalePercent = ratio * 100
        guard ratio > 0, measures.recovered != nil else { return }
        let growing: Set<RecoveryPhase> = [.fetch, .replay, .verify]
        forecastFullSeconds = measures.phaseSeconds.reduce(0) { sum, one in
            sum + (growing.contains(one.phase) ? one.seconds / ratio : one.seconds)
        }
    }

    init(kind: DrillEnvironment.DataKind) {
        self.init(kind: kind, byteCount: nil, productionByteCount: nil)
    }
}

extension DrillReport.Step {
    /// Steps and decisions as the log has them.
    static func all(_ records: [DrillRecord], _ runbook: Runbook, _ zero: Double) -> [DrillReport.Step] {
        var steps = [DrillReport.Step]()
        func index(_ id: String, _ at: Double) -> Int {
            if let known = steps.firstIndex(where: { $0.id == id }) { return known }
            var (host, phase) = ("operator", RecoveryPhase.decide)
            if case .step(let step)? = runbook.actions.first(where: { $0.id == id }) {
                (host, phase) = (step.script.host, step.phase)
            }
            steps.append(DrillReport.Step(id: id, host: host, phase: phase, begin: at - zero, attempts: 0))
            return steps.count - 1
        }
        for record in records {
            switch record.event {
            case .stepBegan(let id, let attempt): steps[index(id, record.at)].attempts = attempt
            case .stepEnded(let id, let outcome):
                let one = index(id, record.at)
                steps[one].end = record.at - zero
                steps[one].exit = outcome.exit
                steps[one].isVerified = outcome.isVerified
                steps[one].failure = outcome.failure
            case .asked(let id): steps[index(id, record.at)].attempts += 1
            case .decided(let id, let value, let by, _):
                let one = index(id, record.at)
                steps[one].end = record.at - zero
                steps[one].decided = value
                steps[one].by = by
            default: break
            }
        }
        return steps
    }
}

extension DrillReport.Fence {
    /// Nil when there was no canary and nobody tried.
    init?(_ records: [CanaryRecord], _ tries: [FenceTry], _ zero: Double) {
        guard !records.isEmpty || !tries.isEmpty else { return nil }
        heard = []
        for case .heard(let at, _, let port, let from, let byteCount, let by) in records {
            heard.append(Heard(at: at - zero, port: port.description, from: from, byteCount: byteCount, by: by))
        }
        self.tries = tries.map { one in
            Try(
                at: one.at - zero, host: one.host, port: one.port?.description, outcome: one.outcome.rawValue,
                detail: one.detail)
        }
    }
}
