import Runbooks
import Testing

@testable import Drills

@Suite("What a drill measured")
struct MeasuresTests {
    @Test("marks and times are computed from the observer's log, and the whole is the sum of its phases")
    func marks() throws {
        let measures = try PretendLogs().measures
        #expect(measures.fault == 100 && measures.detected == 103 && measures.declared == 105)
        #expect(measures.recovered == 170.1 && measures.degraded == 170.1)
        #expect(abs((measures.fullSeconds ?? 0) - 70.1) < 1e-9 && measures.humanSeconds == 5)
        let phases = Dictionary(uniqueKeysWithValues: measures.phaseSeconds.map { ($0.phase, $0.seconds) })
        #expect(phases[.detect] == 3)
        let sum = measures.phaseSeconds.reduce(0) { $0 + $1.seconds }
        #expect(abs(sum - 70.1) < 1e-9)
        #expect(measures.gaps.isEmpty && measures.clockSteps.isEmpty && measures.stop == nil)
    }

    @Test("loss before and after the fault, as an interval and as a list")
    func loss() throws {
        let loss = try PretendLogs().measures.database
        #expect(loss.countBefore == 39 && loss.lostBefore == [37, 38, 39] && loss.lostAfter == [40, 41, 42])
        #expect(abs(loss.leastSeconds - 2.8) < 1e-9 && abs((loss.mostSeconds ?? 0) - 3.8) < 1e-9 && loss.holes.isEmpty)
    }

    @Test("a service that failed once more was not back before that")
    func relapse() throws {
        var logs = try PretendLogs()
        logs.observed.append(.probe(name: "list", at: 175.3, seconds: 0.1, isGood: false, reason: "status 503"))
        #expect(logs.measures.recovered == 176.1)
        logs.observed.append(.probe(name: "list", at: 178.9, seconds: 0.1, isGood: false, reason: "status 503"))
        #expect(logs.measures.recovered == nil)
    }

    @Test("what staging shows after a drill was stopped is not its recovery")
    func stopped() throws {
        var logs = try PretendLogs()
        logs.replace(
            .stepEnded(id: "mend", outcome: .init(exit: 1, isVerified: nil, failure: "exited with 1", value: nil))
        ) {
            if case .stepEnded("mend", _) = $0 { true } else { false }
        }
        logs.drop { [.recovered, .readBack(count: 45), .examined].contains($0) }
        logs.observed.removeAll { if case .found = $0 { true } else { false } }
        let measures = logs.measures
        #expect(measures.recovered == nil && measures.end == 165 && measures.stop?.contains("mend") == true)
    }

    @Test("steps side by side count once, by what was begun first; what lies between counts to what comes next")
    func phases() {
        typealias Work = PhaseTimes.Work
        let work = [
            Work(phase: .fetch, begin: 20, end: 40), Work(phase: .replay, begin: 22, end: 50),
            Work(phase: .verify, begin: 55, end: 60),
        ]
        let spans = PhaseTimes.spans(fault: 0, detected: 5, declared: 10, work: work, until: 70)
        #expect(spans.map(\.phase) == [.detect, .decide, .fetch, .replay, .verify, .switch])
        #expect(spans.map(\.end) == [5, 10, 40, 50, 60, 70])
        let cut = PhaseTimes.spans(fault: 0, detected: 5, declared: 10, work: work, until: 45)
        #expect(cut.map(\.end) == [5, 10, 40, 45], "what ran behind the recovery does not count")
        #expect(PhaseTimes.spans(fault: 0, detected: nil, declared: nil, work: [], until: 9).map(\.phase) == [.detect])
    }

    @Test(
        "the chosen position is compared with the truth",
        arguments: [
            ("0-1-50", "0-1-50", RestoreChoice.Match.exact), ("before:0-1-49", "0-1-50", .earlier),
            ("0-2-51", "0-1-50", .later), ("0/16B3748", "0/16B3748", .exact), ("0/FFFFFFFF", "1/0", .earlier),
            ("0/20", "0/10..0/30", .exact), ("0/30", "0/10..0/30", .exact), ("0/10", "0/10..0/30", .earlier),
            ("0/31", "0/10..0/30", .later),
        ])
    func choice(chosen: String, truth: String, match: RestoreChoice.Match) {
        let found = RestoreChoice(decided: ["yes", chosen], truths: [PretendLogs.truth(position: truth)])
        #expect(found?.match == match && found?.message.contains(truth) == true)
    }

    @Test("of several faults the first counts, and what cannot be compared is not")
    func choices() {
        let truths = ["0-1-60", "0-1-50", nil].map { PretendLogs.truth(position: $0) }
        #expect(RestoreChoice(decided: ["0-1-50"], truths: truths)?.match == .exact)
        #expect(RestoreChoice(decided: ["1-1-50"], truths: truths) == nil, "another domain")
        #expect(RestoreChoice(decided: ["0/5"], truths: truths) == nil)
        #expect(RestoreChoice(decided: ["0/5"], truths: [PretendLogs.truth(position: "0/9..0/8")]) == nil)
        #expect(RestoreChoice(decided: ["0-1-50"], truths: [PretendLogs.truth(position: nil)]) == nil)
    }

    @Test("exposure is the longest that would have been lost, with the time until a point is visible in it")
    func exposure() {
        let day = 86_400.0
        #expect(Exposure.longest(points: [], now: 0) == nil)
        let points = (0..<5).map { (position: Double($0) * day, visible: Double($0) * day + 600) }
        #expect(Exposure.longest(points: points.reversed(), now: 4 * day + 700) == day + 600)
        #expect(Exposure.longest(points: points, now: 6 * day) == 2 * day)
        var late = points
        late[3].visible = 4 * day + 700  // overtaken by the next
        #expect(Exposure.longest(points: late, now: 4 * day + 800) == 2 * day + 600)
        #expect(
            Exposure.longest(points: [(0, 1), (40 * day, 40 * day + 1)], now: 100 * day) == 60 * day, "30 days back")
    }
}
