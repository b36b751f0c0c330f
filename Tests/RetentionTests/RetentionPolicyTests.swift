import TestSupport
import Testing

@testable import Retention

@Suite struct RetentionPolicyTests {
    static let now: Int64 = 1_800_000_000

    /// Items at these many hours before a midnight, UTC.
    private func items(hoursAgo: [Int]) -> [RetentionItem] {
        hoursAgo.map { RetentionItem(seconds: 1_704_067_200 - Int64($0) * 3600) }
    }

    private func kept(_ items: [RetentionItem], _ set: (inout RetentionPolicy) -> Void) -> [Int] {
        var policy = RetentionPolicy()
        set(&policy)
        return policy.decide(items, now: Self.now).filter(\.isKept).map(\.index)
    }

    @Test("an empty policy is known as such and keeps everything")
    func empty() {
        let decisions = RetentionPolicy().decide(items(hoursAgo: [1, 2, 3]), now: Self.now)
        #expect(RetentionPolicy().isEmpty)
        #expect(decisions.allSatisfy { $0.reasons == ["policy is empty"] })
        #expect(decisions.map(\.index) == [0, 1, 2])
    }

    @Test("nothing to decide about is no error")
    func noItems() {
        var policy = RetentionPolicy()
        policy.last = 1
        #expect(policy.decide([], now: Self.now).isEmpty)
        #expect(policy.decide([], grouping: .usual, now: Self.now).isEmpty)
    }

    @Test("decisions come newest first and name the places in the list")
    func order() {
        #expect(kept(items(hoursAgo: [5, 1, 3, 1]), { $0.last = -1 }) == [1, 3, 2, 0])
        #expect(kept(items(hoursAgo: [5, 1, 3, 1]), { $0.last = 2 }) == [1, 3])
    }

    @Test("of each period the newest stays, and the oldest of all while the count is not used up")
    func periods() {
        let times = items(hoursAgo: [1, 2, 30, 31, 60])
        #expect(kept(times, { $0.daily = 2 }) == [0, 2])
        #expect(kept(times, { $0.daily = 10 }) == [0, 2, 4])
        #expect(kept(items(hoursAgo: [1, 2, 3]), { $0.daily = 2 }) == [0, 2])
        #expect(kept(items(hoursAgo: [1, 2, 3]), { $0.daily = 1 }) == [0])
        #expect(kept(items(hoursAgo: [1, 2, 3]), { $0.daily = -1 }) == [0, 2])
    }

    @Test("the reasons say which rules want a snapshot")
    func reasons() {
        var policy = RetentionPolicy()
        policy.last = 1
        policy.daily = 3
        policy.within = RetentionSpan(hours: 2)
        policy.withinYearly = RetentionSpan(years: 2)
        policy.tags = [["a", "b"], [""]]
        let list = [
            RetentionItem(seconds: 1_704_063_600, tags: ["b", "c", "a"]), RetentionItem(seconds: 1_704_060_000),
            RetentionItem(seconds: 1_704_050_000, tags: ["a"]), RetentionItem(seconds: 1_704_040_000, tags: ["a"]),
        ]
        #expect(
            policy.decide(list, now: Self.now).map(\.reasons) == [
                ["has tags [a, b]", "within 2h", "last snapshot", "daily snapshot", "yearly within 2y"],
                ["has tags []", "within 2h"], [], ["oldest daily snapshot", "oldest yearly within 2y"],
            ])
    }

    @Test("a span counts back from the newest that is not in the future, and ends before its own start")
    func spans() {
        let times = [Self.now + 500, Self.now - 100, Self.now - 100 - 3600, Self.now - 99 - 3600]
        let items = times.map { RetentionItem(seconds: $0) }
        #expect(kept(items, { $0.within = RetentionSpan(hours: 1) }) == [0, 1, 3])
        #expect(kept([items[0]], { $0.within = RetentionSpan(hours: 1) }) == [0])
    }

    @Test("nanoseconds decide at the very start of a span")
    func nanoseconds() {
        let items = [(3600, 5), (0, 5), (0, 6)].map { RetentionItem(seconds: $0.0, nanoseconds: Int32($0.1)) }
        #expect(kept(items, { $0.within = RetentionSpan(hours: 1) }) == [0, 2])
    }

    @Test("a day is a day of the snapshot's own zone")
    func zones() {
        let evening = RetentionItem(seconds: 1_704_063_600)
        let midnight = RetentionItem(seconds: 1_704_067_200)
        #expect(kept([midnight, evening, evening], { $0.daily = 2 }) == [0, 1])
        let ahead = [midnight, evening, evening].map { RetentionItem(seconds: $0.seconds, zoneOffset: 7200) }
        #expect(kept(ahead, { $0.daily = 1 }) == [0])
    }

    @Test("groups are decided about one by one")
    func groups() {
        let list = [
            RetentionItem(seconds: 10, hostname: "a", paths: ["/x", "/y"]), RetentionItem(seconds: 20, hostname: "b"),
            RetentionItem(seconds: 30, hostname: "a", paths: ["/y", "/x"]), RetentionItem(seconds: 40, hostname: "b"),
        ]
        var policy = RetentionPolicy()
        policy.last = 1
        let result = policy.decide(list, grouping: .usual, now: Self.now)
        #expect(result.map(\.group.indices) == [[0, 2], [1, 3]])
        #expect(result.map(\.group.hostname) == ["a", "b"])
        #expect(result.map(\.group.paths) == [["/x", "/y"], []])
        #expect(result.map { $0.decisions.filter(\.isKept).map(\.index) } == [[2], [3]])
        #expect(policy.decide(list, grouping: [], now: Self.now).map { $0.decisions.count } == [4])
    }

    @Test("whatever the rules, the newest stays unless they are for tags alone", arguments: 0..<60)
    func keepsTheNewest(round: Int) {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of the retention policy: \(seed)")
        var generator = SeededGenerator(seed: seed)
        let policy = RetentionPolicy.random(using: &generator)
        let list = (0..<Int.random(in: 1...40, using: &generator)).map { _ in
            RetentionItem(
                seconds: Int64.random(in: 0...Self.now + 1_000_000, using: &generator),
                zoneOffset: Int.random(in: -12...14, using: &generator) * 3600)
        }
        let decisions = policy.decide(list, now: Self.now)
        #expect(decisions.map(\.index).sorted() == Array(list.indices), "seed \(seed)")
        #expect(decisions.map { list[$0.index].seconds } == list.map(\.seconds).sorted(by: >), "seed \(seed)")
        if policy.keepsNewest { #expect(decisions.first?.isKept == true, "seed \(seed)") }
    }

    @Test("a policy with one more rule never keeps less", arguments: 0..<40)
    func monotonic(round: Int) {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of the retention rules: \(seed)")
        var generator = SeededGenerator(seed: seed)
        var policy = RetentionPolicy.random(using: &generator)
        policy.last = max(policy.last, 1)
        let list = (0..<40).map { _ in RetentionItem(seconds: Int64.random(in: 0...Self.now, using: &generator)) }
        let before = Set(policy.decide(list, now: Self.now).filter(\.isKept).map(\.index))
        policy.last += 3
        policy.withinMonthly.years += 5
        let after = Set(policy.decide(list, now: Self.now).filter(\.isKept).map(\.index))
        #expect(before.isSubset(of: after), "seed \(seed)")
    }
}

extension RetentionPolicy {
    /// A policy with about half of the rules set.
    static func random(using generator: inout some RandomNumberGenerator) -> RetentionPolicy {
        var policy = RetentionPolicy()
        func count() -> Int { Bool.random(using: &generator) ? 0 : Int.random(in: -1...9, using: &generator) }
        func span() -> RetentionSpan {
            guard Int.random(in: 0..<4, using: &generator) == 0 else { return .zero }
            return RetentionSpan(
                years: Int.random(in: 0...3, using: &generator), months: Int.random(in: 0...14, using: &generator),
                days: Int.random(in: 0...40, using: &generator), hours: Int.random(in: 0...50, using: &generator))
        }
        policy.last = count()
        policy.hourly = count()
        policy.daily = count()
        policy.weekly = count()
        policy.monthly = count()
        policy.yearly = count()
        policy.within = span()
        policy.withinHourly = span()
        policy.withinDaily = span()
        policy.withinWeekly = span()
        policy.withinMonthly = span()
        policy.withinYearly = span()
        if Bool.random(using: &generator) { policy.tags = [["t"]] }
        return policy
    }
}
