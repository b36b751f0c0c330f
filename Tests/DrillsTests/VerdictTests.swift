import Runbooks
import Sealing
import Testing

@testable import Drills

@Suite("The verdict of a drill")
struct VerdictTests {
    /// What is done to the logs of a drill that passes, and what that makes of it.
    struct Case: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var verdict: Verdict
        var code: String
        var bend: @Sendable (inout PretendLogs) -> Void

        init(
            _ what: String, _ verdict: Verdict, _ code: String, _ bend: @escaping @Sendable (inout PretendLogs) -> Void
        ) {
            (testDescription, self.verdict, self.code, self.bend) = (what, verdict, code, bend)
        }
    }

    @Test("a drill in which everything holds passes, without a reason against it")
    func pass() throws {
        let report = try PretendLogs().report
        #expect(report.verdict == .pass && report.reasons.isEmpty && report.headline == "pass", "\(report.reasons)")
        #expect(report.objectives.map(\.isMet) == [true, true, true, true])
    }

    @Test("each thing that is wrong turns it, for its own reason", arguments: cases)
    func reason(one: Case) throws {
        var logs = try PretendLogs()
        one.bend(&logs)
        let report = try logs.report
        #expect(report.verdict == one.verdict, "\(report.reasons)")
        #expect(report.reasons.contains { $0.code == one.code && $0.verdict == one.verdict }, "\(report.reasons)")
        #expect(report.headline.hasPrefix(one.verdict.rawValue))
    }

    static let cases: [Case] = [
        Case("rows of more seconds than accepted", .fail, "rpo_database") {
            $0.scenario.objective.rpoDatabase = .seconds(3)
        },
        Case("files of more seconds than accepted", .fail, "rpo_files") {
            $0.scenario.objective.rpoFiles = .seconds(3)
        },
        Case("nothing is held", .fail, "rpo_database") { logs in
            for number in 1...42 { logs.found(number, row: false, file: true) }
        },
        Case("degraded too late", .fail, "rto_degraded") { $0.scenario.objective.degraded = .seconds(60) },
        Case("whole too late", .fail, "rto_full") { $0.scenario.objective.full = .seconds(70) },
        Case("a step failed", .fail, "step_failed") { logs in
            logs.replace(
                .stepEnded(id: "mend", outcome: .init(exit: 1, isVerified: nil, failure: "exited with 1", value: nil))
            ) { if case .stepEnded("mend", _) = $0 { true } else { false } }
        },
        Case("a missing log segment: a row in the middle is gone", .fail, "hole") {
            $0.found(20, row: false, file: true)
        },
        Case("a dangling file: a file in the middle is gone", .fail, "hole") { $0.found(20, row: true, file: false) },
        Case("rows without file", .fail, "files") { logs in
            logs.replace(.proven(what: "files", failure: "2 rows have no file")) {
                if case .proven("files", _) = $0 { true } else { false }
            }
        },
        Case("a mask not applied", .fail, "masks") {
            $0.add(183.5, .proven(what: "masks", failure: "an address was found"))
        },
        Case("a fence that does not hold", .fail, "fence") { logs in
            logs.replace(.proven(what: "fence", failure: "the canary heard something")) {
                if case .proven("fence", _) = $0 { true } else { false }
            }
        },
        Case("restored to behind the damage", .fail, "choice_keeps_damage") {
            $0.truths = [PretendLogs.truth(position: "0-1-49")]
        },
        Case("down at the end", .fail, "not_recovered") { logs in
            logs.observed.append(.probe(name: "list", at: 178.9, seconds: 0.1, isGood: false, reason: "status 503"))
        },
        Case("nobody could decide", .fail, "decision_failed") { logs in
            logs.drop { if case .decided = $0 { true } else { false } }
            logs.add(185, .aborted(reason: "what: wants a person"))
        },
        Case("a blind observer: no probe noticed", .inconclusive, "undetected") { logs in
            logs.drop { if case .detected = $0 { true } else { false } }
            logs.records.insert(DrillRecord(at: 160, wall: 0, event: .undetected), at: 7)
        },
        Case("a blind observer: its log stops", .inconclusive, "observer_gap") { logs in
            logs.observed.removeAll { record in
                if case .found = record { false } else { record.at > 130 && record.at < 150 }
            }
        },
        Case("a blind observer: a probe is not asked any more", .inconclusive, "observer_gap") { logs in
            logs.observed.removeAll { record in
                if case .probe(_, let at, _, _, _) = record { at > 130 && at < 150 } else { false }
            }
        },
        Case("an observer that was killed and not started again", .inconclusive, "observer_gap") { logs in
            logs.observed.removeAll { record in
                if case .found = record { true } else { record.at > 172 }
            }
        },
        Case("the clock jumped", .inconclusive, "clock_step") { logs in
            logs.observed = logs.observed.map { record in
                guard case .clock(let at, let wall) = record, at > 120 else { return record }
                return .clock(at: at, wall: wall - 0.6)
            }
        },
        Case("a probe that was wrong from the beginning", .inconclusive, "probe_never_good") { logs in
            logs.observed.removeAll { if case .probe(_, let at, _, true, _) = $0 { at < 101 } else { false } }
        },
        Case("too few beats", .inconclusive, "too_few_beats") { $0.scenario.beats.minimumCount = 40 },
        Case("beats of which nobody knows", .inconclusive, "beats_unknown") { $0.found(20, row: nil, file: true) },
        Case("a beat that was not looked for", .inconclusive, "beats_unknown") { logs in
            logs.observed.removeAll { if case .found(20, _, _, _) = $0 { true } else { false } }
        },
        Case("not read back", .inconclusive, "not_read_back") { logs in
            logs.observed.removeAll { if case .found = $0 { true } else { false } }
            logs.drop { if case .readBack = $0 { true } else { false } }
        },
        Case("the guard refused", .inconclusive, "guard_unproven") {
            $0.add(185, .guarded(failure: "app1: another token"))
        },
        Case("nobody asked the guard", .inconclusive, "guard_unproven") { $0.drop { $0 == .guarded(failure: nil) } },
        Case("nobody looked at the fence", .inconclusive, "fence_unproven") { logs in
            logs.scenario.fence.canary = "10.0.0.1:25"
            logs.drop { if case .proven("fence", _) = $0 { true } else { false } }
        },
        Case("the fence could not be looked at", .inconclusive, "fence_unproven") { logs in
            logs.replace(.proven(what: "fence", failure: "unproven: the canary does not listen")) {
                if case .proven("fence", _) = $0 { true } else { false }
            }
        },
        Case("nobody looked at masks", .inconclusive, "masks_unproven") { $0.scenario.masks = "drill" },
        Case("nobody knows what was broken", .inconclusive, "no_truth") { $0.truths = [] },
        Case("nothing was broken", .inconclusive, "no_fault") { logs in
            logs.truths = []
            logs.drop { if case .injected = $0 { true } else { false } }
        },
        Case("ended by somebody", .inconclusive, "aborted") { $0.add(185, .aborted(reason: DrillRun.interruption)) },
    ]

    @Test(
        "a drill that somebody ends in time has missed nothing; one that is late already has", arguments: [7200.0, 30])
    func ended(objective: Double) throws {
        var logs = try PretendLogs()
        logs.scenario.objective.full = .seconds(objective)
        logs.records.removeAll { $0.at > 140 }
        logs.observed.removeAll { $0.at > 140 }
        logs.add(140, .aborted(reason: DrillRun.interruption))
        let report = try logs.report
        let isLate = objective == 30
        #expect(report.verdict == (isLate ? .fail : .inconclusive), "\(report.reasons)")
        #expect(report.reasons.contains { $0.code == "aborted" })
        #expect(report.reasons.contains { $0.code == "rto_full" } == isLate)
        #expect(report.objectives.first { $0.name == "rto_full" }?.isMet == (isLate ? false : nil))
    }

    @Test("what is damaged is damaged, whoever looked; both reasons are told")
    func both() throws {
        var logs = try PretendLogs()
        logs.found(20, row: false, file: true)
        logs.scenario.beats.minimumCount = 100
        let report = try logs.report
        #expect(report.verdict == .fail && report.reasons.map(\.code) == ["hole", "too_few_beats"])
    }

    @Test("a step that failed and then worked is no failure")
    func retried() throws {
        var logs = try PretendLogs()
        logs.records.insert(
            DrillRecord(
                at: 106, wall: 0,
                event: .stepEnded(
                    id: "look", outcome: .init(exit: 1, isVerified: nil, failure: "exited with 1", value: nil))),
            at: 10)
        let reasons = VerdictReasons(
            records: logs.records, truths: logs.truths, scenario: logs.scenario, measures: logs.measures)
        #expect(!reasons.all.contains { $0.code == "step_failed" })
    }

    /// Begins the drill of `logs` with another beginning.
    private func begin(_ logs: inout PretendLogs, _ change: (inout DrillBeginning) -> Void) {
        var beginning = PretendDrill.beginning
        change(&beginning)
        logs.replace(.began(beginning)) { if case .began = $0 { true } else { false } }
    }

    @Test("on real hosts, a runbook that nobody else approved proves nothing; approved as it is it does")
    func approval() throws {
        var logs = try PretendLogs()
        logs.driver = .ssh
        let report = try logs.report
        #expect(report.verdict == .inconclusive && report.reasons.map(\.code) == ["not_approved"])
        #expect(report.headline.hasPrefix("NOT PROVEN: nobody"), "\(report.headline)")
        begin(&logs) { ($0.performedBy, $0.approvedBy) = ("bert", "anna") }
        let approved = try logs.report
        #expect(approved.verdict == .pass && approved.approvedBy == "anna" && approved.performedBy == "bert")
    }

    @Test("a runbook that was edited since the drill began proves nothing, wherever it runs")
    func edited() throws {
        var logs = try PretendLogs()
        begin(&logs) { $0.runbookDigest = String(repeating: "0", count: 64) }
        let report = try logs.report
        #expect(report.verdict == .inconclusive && report.reasons.map(\.code) == ["runbook_edited"])
        #expect(report.headline.hasPrefix("NOT PROVEN: the runbook was edited"), "\(report.headline)")
        let digest = logs.runbook.digest.hex
        begin(&logs) { $0.runbookDigest = digest }
        #expect(try logs.report.verdict == .pass)
    }

    @Test("below half of production's size it says so, with a forecast for the whole")
    func scale() throws {
        var logs = try PretendLogs()
        (logs.byteCount, logs.productionByteCount) = (1 << 30, 8 << 30)
        let report = try logs.report
        #expect(report.verdict == .pass && report.data.scalePercent == 12.5)
        #expect(report.headline.hasPrefix("pass at 13 % of size, the whole would take"), "\(report.headline)")
        #expect(report.data.forecastFullSeconds ?? 0 > 70.1)
        logs.byteCount = 6 << 30
        #expect(try logs.report.headline == "pass")
    }
}
