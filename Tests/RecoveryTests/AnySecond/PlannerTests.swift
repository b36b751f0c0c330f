import DataSources
import Journal
import TestSupport
import Testing

@testable import Recovery

@Suite("The planner")
struct PlannerTests {
    private static func target(_ world: PlannerWorld, _ random: inout SeededGenerator) -> LogTarget {
        let all = world.events.values.flatMap { $0 }
        guard let event = all.randomElement(using: &random) else { return .end }
        switch Int.random(in: 0..<7, using: &random) {
        case 0: return .end
        case 1: return .through("0-1-\(event.sequence)")
        case 2: return .before("0-1-\(event.sequence)")
        default: return .time(Double(event.time) + Double(Int.random(in: -3...3, using: &random)) / 2)
        }
    }

    @Test(
        "gives the newest base and exactly the log that is needed, and refuses what cannot be reached",
        arguments: 1...400)
    func model(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let world = PlannerWorld(&random, losses: seed % 3 == 0 ? 0 : 6)
        let planner = RestorePlanner(
            source: "db", kind: .mariadb, bases: world.bases, coverages: world.coverages)
        for _ in 0..<20 {
            let target = Self.target(world, &random)
            let timeline = world.records[Int.random(in: 0..<world.records.count, using: &random)].timeline
            let answer = world.answer(target, on: timeline)
            if world.isLost(target) { continue }  // nothing says any more whose it was
            switch Self.attempt(planner, target, timeline) {
            case .success(let plan):
                if !plan.behind.isEmpty || plan.hole != nil { continue }  // looking into the log decides
                #expect(plan.base.point == answer?.point, "seed \(seed): \(target) on \(timeline)")
                if let answer { Self.compare(plan, answer, seed) }
            case .failure(let refusal): #expect(answer == nil, "seed \(seed): \(target) on \(timeline): \(refusal)")
            }
        }
    }

    private static func compare(_ plan: RestorePlan, _ answer: PlannerWorld.Answer, _ seed: Int) {
        guard let until = answer.until else {
            #expect(plan.log.isEmpty, "seed \(seed)")
            return
        }
        guard let first = plan.log.first, let last = plan.log.last else {
            Issue.record("seed \(seed): no log in \(plan)")
            return
        }
        #expect(first.part.header.offset == 0 && first.part.header.file == plan.base.place.file, "seed \(seed)")
        #expect(last.timeline == answer.untilTimeline && last.end >= until, "seed \(seed)")
        let begin = LogPlace(file: last.part.header.file, offset: last.part.header.offset)
        #expect(begin < until, "seed \(seed): the last part is not needed")
    }

    @Test(
        "what it lists as reachable can be planned, and the neighbours that a refusal names can be reached",
        arguments: 1...100)
    func neighbours(seed: Int) {
        var random = SeededGenerator(seed: UInt64(seed))
        let world = PlannerWorld(&random, losses: 8)
        let planner = RestorePlanner(
            source: "db", kind: .mariadb, bases: world.bases, coverages: world.coverages)
        for record in world.records {
            for range in planner.ranges(on: record.timeline) {
                for moment in [range.from, range.to] { Self.check(planner, moment, record.timeline, seed) }
            }
            for _ in 0..<10 {
                let result = Self.attempt(planner, Self.target(world, &random), record.timeline)
                guard case .failure(let refusal) = result else { continue }
                for moment in [refusal.earlier, refusal.later].compactMap({ $0 }) {
                    Self.check(planner, moment, record.timeline, seed)
                }
            }
        }
    }

    private static func attempt(
        _ planner: RestorePlanner, _ target: LogTarget, _ timeline: UInt32?
    ) -> Result<RestorePlan, RestoreRefusal> {
        Result { () throws(RestoreRefusal) in try planner.plan(target, timeline: timeline) }
    }

    private static func check(_ planner: RestorePlanner, _ moment: Moment, _ timeline: UInt32, _ seed: Int) {
        #expect(throws: Never.self, "seed \(seed): \(moment)") {
            try planner.plan(.through(moment.position), timeline: timeline)
        }
    }
}
