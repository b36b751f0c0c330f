/// Why a drill's verdict is what it is: every objective, and everything that must be proven. A table of questions, each asked of the
/// logs; none is left out because another one answered.
struct VerdictReasons {
    let records: [DrillRecord]
    let truths: [FaultTruth]
    let scenario: Scenario
    let measures: DrillMeasures
    /// Of the restored data's size to production's; nil when one is not known.
    var sizeRatio: Double?
    /// What the canary heard.
    var canary: [CanaryRecord] = []
    /// Where the data comes from: what is production's must be masked and fenced, whatever the scenario says.
    var dataKind = DrillEnvironment.DataKind.synthetic
    /// How hosts were reached: real ones want a runbook that a second person approved.
    var driver = DrillEnvironment.Driver.local
    /// The runbook as it was judged, hexadecimal; nil when that is not asked.
    var runbookDigest: String?

    /// All reasons, those that weigh most first.
    var all: [VerdictReason] {
        let reasons = approval + course + times + loss + proofs + measuring + notes
        return reasons.filter { $0.verdict == .fail } + reasons.filter { $0.verdict == .inconclusive }
            + reasons.filter { $0.verdict == .pass }
    }

    private func fail(_ code: String, _ message: String) -> VerdictReason { VerdictReason(.fail, code, message) }
    private func open(_ code: String, _ message: String) -> VerdictReason {
        VerdictReason(.inconclusive, code, message)
    }
    private func has(_ isMeant: (DrillEvent) -> Bool) -> Bool { records.contains { isMeant($0.event) } }

    // MARK: Was it the approved runbook?

    /// Codes of reasons for which a drill proves nothing of the runbook, whatever else went well.
    static let unapproved: Set<String> = ["not_approved", "runbook_edited"]

    private var approval: [VerdictReason] {
        guard case .began(let beginning)? = records.first?.event else { return [] }
        var reasons = [VerdictReason]()
        if let runbookDigest, !beginning.runbookDigest.isEmpty, runbookDigest != beginning.runbookDigest {
            reasons.append(
                open(
                    "runbook_edited",
                    "the runbook was edited since the drill began, from \(beginning.runbookDigest.prefix(12)) to \(runbookDigest.prefix(12))"
                ))
        }
        if driver == .ssh, beginning.approvedBy == nil {
            reasons.append(open("not_approved", "nobody but who ran it approved the runbook as it is"))
        }
        return reasons
    }

    // MARK: What happened

    private var course: [VerdictReason] {
        var reasons = [VerdictReason]()
        var failures: [String: String] = [:]
        var aborted: String?
        var asked: String?
        for record in records {
            switch record.event {
            case .stepEnded(let id, let outcome): failures[id] = outcome.failure
            case .asked(let id): asked = id
            case .decided: asked = nil
            case .aborted(let reason): aborted = reason
            default: break
            }
        }
        for (id, failure) in failures.sorted(by: { $0.key < $1.key }) {
            reasons.append(fail("step_failed", "step `\(id)` failed: \(failure)"))
        }
        if let aborted {
            // Nobody could answer the runbook's question, which is the runbook's own failure; unless somebody ended the drill.
            let isDecision = aborted != DrillRun.interruption && (asked != nil || aborted.contains("the proposal"))
            reasons.append(
                isDecision
                    ? fail("decision_failed", "what the runbook asks could not be decided: \(aborted)")
                    : open("aborted", "the drill was ended: \(aborted)"))
        }
        if truths.isEmpty {
            let isDone = has { if case .injected = $0 { true } else { false } }
            reasons.append(
                isDone
                    ? open("no_truth", "what was broken is not written down")
                    : open("no_fault", "nothing was broken, so nothing was proven"))
        }
        return reasons
    }

    // MARK: Time

    private var times: [VerdictReason] {
        guard !truths.isEmpty else { return [] }
        guard measures.detected != nil else {
            return [
                open(
                    "undetected",
                    "\(truths.map(\.subject).joined(separator: ", ")) was broken and no probe noticed: the observer is blind to it"
                )
            ]
        }
        if measures.recovered == nil, isBlindAtTheEnd {
            return [open("not_recovered", "nobody saw whether the whole service came back")]
        }
        var reasons = [VerdictReason]()
        if measures.isLeftOpen(measures.recovered, within: scenario.objective.full) {
            reasons.append(open("not_recovered", "the drill was ended before the whole service was back"))
        } else if measures.recovered == nil {
            reasons.append(fail("not_recovered", "the whole service did not come back"))
        }
        if let objective = scenario.objective.degraded {
            reasons += late("rto_degraded", "degraded", measures.degradedSeconds, objective)
        }
        reasons += late("rto_full", "whole", measures.fullSeconds, scenario.objective.full)
        return reasons
    }

    /// Did the observer see nothing any more when the drill ended?
    private var isBlindAtTheEnd: Bool {
        measures.gaps.contains { $0.probe == nil && $0.end >= measures.end - 1 }
    }

    private func late(_ code: String, _ what: String, _ seconds: Double?, _ objective: Duration) -> [VerdictReason] {
        if measures.isLeftOpen(seconds, within: objective) { return [] }
        let most = TimeText.span(objective.seconds)
        guard let seconds else { return [fail(code, "there was no \(what) service, within \(most) or ever")] }
        guard seconds > objective.seconds else { return [] }
        return [fail(code, "the \(what) service took \(TimeText.span(seconds)), more than \(most)")]
    }

    // MARK: Loss

    private var loss: [VerdictReason] {
        guard !truths.isEmpty, measures.detected != nil else { return [] }
        guard measures.isReadBack else {
            return [open("not_read_back", "what was written was not looked for, so the loss is not known")]
        }
        return loss(measures.database, "rpo_database", "rows", scenario.objective.rpoDatabase)
            + loss(measures.files, "rpo_files", "files", scenario.objective.rpoFiles)
    }

    private func loss(_ loss: LossMeasure, _ code: String, _ what: String, _ objective: Duration) -> [VerdictReason] {
        var reasons = [VerdictReason]()
        if !loss.holes.isEmpty {
            reasons.append(
                fail(
                    "hole",
                    "\(loss.holes.count) \(what) are missing with later ones there: beats \(Self.list(loss.holes))"))
        }
        if !loss.unknown.isEmpty {
            reasons.append(
                open("beats_unknown", "of \(loss.unknown.count) \(what) nobody could say whether they are there"))
        }
        guard loss.countBefore > 0 else { return reasons }
        if let seconds = loss.achievedSeconds {
            if seconds > objective.seconds {
                let most = TimeText.span(objective.seconds)
                reasons.append(fail(code, "up to \(TimeText.span(seconds)) of \(what) are lost, more than \(most)"))
            }
        } else {
            reasons.append(fail(code, "of \(loss.countBefore) \(what) none is there"))
        }
        return reasons
    }

    private static func list(_ numbers: [Int]) -> String {
        numbers.prefix(10).map { "\($0)" }.joined(separator: ", ") + (numbers.count > 10 ? ", …" : "")
    }

    // MARK: Proofs

    /// What an examiner could not look at at all begins with this.
    static let unprovenMark = "unproven: "

    private var proofs: [VerdictReason] {
        var reasons = [VerdictReason]()
        var guards = [String?](), proven: [String: String?] = [:]
        for record in records {
            if case .guarded(let failure) = record.event { guards.append(failure) }
            if case .proven(let what, let failure) = record.event { proven.updateValue(failure, forKey: what) }
        }
        if let refusal = guards.compactMap({ $0 }).first {
            reasons.append(open("guard_unproven", "the guard refused: \(refusal)"))
        } else if guards.isEmpty {
            reasons.append(open("guard_unproven", "nobody proved that the hosts are staging's own"))
        }
        for (what, failure) in proven.sorted(by: { $0.key < $1.key }) {
            guard let failure else { continue }
            reasons.append(
                failure.hasPrefix(Self.unprovenMark)
                    ? open("\(what)_unproven", "\(what): \(failure.dropFirst(Self.unprovenMark.count))")
                    : fail(what, "\(what): \(failure)"))
        }
        // Also when the drill stopped before anybody looked, or after.
        let breaches = FenceFinding(heard: canary, tries: [], hosts: [], isEnd: false).breaches
        if !breaches.isEmpty, !reasons.contains(where: { $0.code == "fence" }) {
            reasons.append(fail("fence", "fence: \(breaches.joined(separator: "; "))"))
            proven.updateValue(nil, forKey: "fence")
        }
        let wanted = [
            ("masks", scenario.masks != nil || dataKind == .productionPoint),
            ("fence", scenario.fence.isAsked || dataKind == .productionPoint),
        ]
        for (what, isWanted) in wanted where isWanted && proven.index(forKey: what) == nil {
            reasons.append(
                open(
                    "\(what)_unproven",
                    "nobody looked whether \(what == "masks" ? "masks were applied" : "the fence holds")"))
        }
        return reasons
    }

    // MARK: Was the measuring good enough?

    private var measuring: [VerdictReason] {
        var reasons = [VerdictReason]()
        if !truths.isEmpty, measures.database.countBefore < scenario.beats.minimumCount {
            let count = measures.database.countBefore
            reasons.append(
                open("too_few_beats", "\(count) beats before the fault, fewer than \(scenario.beats.minimumCount)"))
        }
        if !truths.isEmpty {
            for name in measures.neverGood {
                reasons.append(open("probe_never_good", "probe `\(name)` did not answer right before the fault either"))
            }
        }
        for gap in measures.gaps {
            let who = gap.probe.map { "probe `\($0)` was not asked" } ?? "the observer saw nothing"
            reasons.append(open("observer_gap", "\(who) for \(TimeText.span(gap.end - gap.begin))"))
        }
        for step in measures.clockSteps {
            reasons.append(open("clock_step", "the clock of this machine jumped by \(TimeText.span(step.seconds))"))
        }
        return reasons
    }

    // MARK: Good to know

    private var notes: [VerdictReason] {
        var reasons = [VerdictReason]()
        switch measures.choice {
        case let choice? where choice.match == .later: reasons.append(fail("choice_keeps_damage", choice.message))
        case let choice? where choice.match == .earlier:
            reasons.append(VerdictReason(.pass, "choice_early", choice.message))
        default: break
        }
        if let sizeRatio, sizeRatio < 0.5 {
            reasons.append(
                VerdictReason(.pass, "scale", "the data has \(TimeText.percent(sizeRatio)) of production's size"))
        }
        return reasons
    }
}

/// Times and parts as text.
enum TimeText {
    /// `0.4 s`, `12 s`, `3 min 5 s`, `1 h 2 min`.
    static func span(_ seconds: Double) -> String {
        let sign = seconds < 0 ? "-" : ""
        let size = abs(seconds)
        if size < 9.95 { return sign + "\(Int((size * 10).rounded()) / 10).\(Int((size * 10).rounded()) % 10) s" }
        let whole = Int(size.rounded())
        if whole < 60 { return sign + "\(whole) s" }
        if whole < 3600 { return sign + "\(whole / 60) min" + (whole % 60 == 0 ? "" : " \(whole % 60) s") }
        return sign + "\(whole / 3600) h" + (whole % 3600 / 60 == 0 ? "" : " \(whole % 3600 / 60) min")
    }

    /// `12 %`, and below one `0.3 %`.
    static func percent(_ ratio: Double) -> String {
        let percent = ratio * 100
        if percent < 0.95 {
            return "\(Int((percent * 10).rounded(.up)) / 10).\(Int((percent * 10).rounded(.up)) % 10) %"
        }
        return "\(Int(percent.rounded())) %"
    }
}
