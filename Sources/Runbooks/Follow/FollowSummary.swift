/// What following a runbook came to: times of its steps and phases, made of the log alone. The detail of an event of kind
/// `runbook_followed`.
public struct FollowSummary: Sendable, Hashable, Codable {
    /// A step or decision.
    public struct Step: Sendable, Hashable, Codable {
        /// Its name.
        public var step: String
        /// What its time counts to.
        public var phase: RecoveryPhase
        /// Where it is done; nil for decisions.
        public var host: String?
        /// From when it was first shown to when it was over.
        public var seconds: Double
        /// How often it was begun.
        public var attempts: Int
        /// `done`, `skipped`, `failed`, `not_begun`.
        public var outcome: String
        /// Why it was skipped, or failed last; nil when neither.
        public var reason: String?
    }

    /// The scenario.
    public var scenario: String
    /// The file of the runbook.
    public var file: String
    /// SHA-256 of it, hexadecimal.
    public var runbookDigest: String
    /// When the emergency began, seconds since 1970.
    public var since: Double
    /// When following began.
    public var began: Double
    /// The last line of the log.
    public var ended: Double
    /// `ended`, `aborted`, `open`.
    public var outcome: String
    /// Why it was aborted; nil when it was not.
    public var reason: String?
    /// What the owner accepts for the whole service.
    public var objectiveSeconds: Double
    /// From `since` to the end of the last step of the section Recovery; nil while one is open.
    public var recoverySeconds: Double?
    /// Steps and decisions in the order of the runbook.
    public var steps: [Step]
    /// Seconds by phase.
    public var phases: [String: Double]
    /// How often somebody went on after an interruption.
    public var resumeCount: Int

    enum CodingKeys: String, CodingKey {
        case scenario, file, since, began, ended, outcome, reason, steps, phases
        case runbookDigest = "runbook_digest"
        case objectiveSeconds = "objective_seconds"
        case recoverySeconds = "recovery_seconds"
        case resumeCount = "resume_count"
    }

    /// Sums up; nil when the log does not say how it began.
    public init?(_ records: [FollowRecord], of runbook: Runbook) {
        guard let first = records.first, case .began(let beginning) = first.event, let last = records.last else {
            return nil
        }
        (scenario, file, runbookDigest) = (beginning.scenario, beginning.file, beginning.digest)
        (since, began, ended) = (beginning.since, first.at, last.at)
        objectiveSeconds = runbook.head.full / .seconds(1)
        (outcome, reason, resumeCount) = ("open", nil, 0)
        var reading = Reading(began: first.at)
        for record in records {
            switch record.event {
            case .ended: outcome = "ended"
            case .aborted(let why): (outcome, reason) = ("aborted", why)
            case .resumed: resumeCount += 1
            default: break
            }
            // When it was added to the ledger is not part of it.
            if record.event == .recorded { continue }
            reading.take(record)
            ended = record.at
        }
        steps = runbook.actions.map { reading.step($0) }
        phases = [:]
        for step in steps where step.seconds > 0 { phases[step.phase.rawValue, default: 0] += step.seconds }
        let recovery = runbook.actions(in: .recovery).map(\.id)
        let ends = recovery.map { reading.over[$0] }
        recoverySeconds = ends.isEmpty || ends.contains(nil) ? nil : ends.compactMap { $0 }.max().map { $0 - since }
    }

    /// Goes through the log. What passes between two events belongs to what the second of them ends.
    private struct Reading {
        var last: Double
        var seconds: [String: Double] = [:]
        var attempts: [String: Int] = [:]
        var outcome: [String: String] = [:]
        var reasons: [String: String] = [:]
        var over: [String: Double] = [:]

        init(began: Double) { last = began }

        mutating func take(_ record: FollowRecord) {
            let passed = max(0, record.at - last)
            last = record.at
            switch record.event {
            case .stepBegan(let id, let attempt):
                add(passed, to: id)
                attempts[id] = attempt
            case .stepEnded(let id, let outcome):
                add(passed, to: id)
                settle(id, outcome.failure == nil ? "done" : "failed", outcome.failure, at: record.at)
            case .skipped(let id, let reason):
                add(passed, to: id)
                settle(id, "skipped", reason, at: record.at)
            case .decided(let id, _):
                add(passed, to: id)
                attempts[id] = 1
                settle(id, "done", nil, at: record.at)
            case .began, .resumed, .set, .read, .wentBack, .aborted, .ended, .recorded: break
            }
        }

        private mutating func add(_ passed: Double, to id: String) { seconds[id, default: 0] += passed }

        private mutating func settle(_ id: String, _ word: String, _ reason: String?, at time: Double) {
            outcome[id] = word
            reasons[id] = reason
            over[id] = word == "failed" ? nil : time
        }

        func step(_ action: RunbookAction) -> Step {
            let id = action.id
            var (phase, host) = (RecoveryPhase.decide, String?.none)
            if case .step(let step) = action { (phase, host) = (step.phase, step.script.host) }
            return Step(
                step: id, phase: phase, host: host, seconds: seconds[id] ?? 0, attempts: attempts[id] ?? 0,
                outcome: outcome[id] ?? (attempts[id] == nil ? "not_begun" : "failed"), reason: reasons[id])
        }
    }
}
