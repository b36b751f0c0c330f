import Foundation
import Testing

@testable import Retention

@Suite struct ResticComparisonTests {
    static let isContinuousIntegration = ProcessInfo.processInfo.environment["CI"] != nil

    /// Several in an hour, a day, a week; weeks that belong to another year; leap days; zones; one in the future.
    static let times: [(time: String, zone: String)] = [
        ("2018-12-31 23:30:00", "UTC"), ("2019-06-01 00:00:00", "UTC"), ("2020-02-29 12:00:00", "UTC"),
        ("2020-12-28 00:00:00", "UTC"), ("2021-01-03 23:59:59", "UTC"), ("2021-01-04 00:00:00", "UTC"),
        ("2022-12-31 10:00:00", "UTC"), ("2023-01-01 10:00:00", "UTC"), ("2023-05-31 10:00:00", "UTC"),
        ("2023-10-29 02:30:00", "Europe/Prague"), ("2023-11-30 22:00:00", "UTC"),
        ("2023-12-01 00:30:00", "Asia/Kolkata"),
        ("2023-12-30 01:00:00", "UTC"), ("2023-12-30 01:59:59", "UTC"), ("2023-12-30 02:00:00", "UTC"),
        ("2023-12-30 23:05:00", "America/St_Johns"), ("2023-12-31 01:00:00", "UTC"),
        ("2023-12-31 08:00:00", "Asia/Kolkata"),
        ("2024-01-01 00:10:00", "UTC"), ("2024-02-01 00:10:00", "UTC"), ("2024-02-29 00:10:00", "UTC"),
        ("2024-02-29 05:10:00", "Pacific/Auckland"), ("2024-03-01 00:10:00", "UTC"), ("2024-03-30 09:00:00", "UTC"),
        ("2024-03-31 09:00:00", "UTC"), ("2024-03-31 09:00:01", "UTC"), ("2024-03-31 10:20:00", "UTC"),
        ("2040-01-01 00:00:00", "UTC"),
    ]

    static let lines: [String] = [
        "--keep-last 3", "--keep-last 1", "--keep-last 100", "--keep-hourly 5", "--keep-hourly 100", "--keep-daily 4",
        "--keep-daily 100", "--keep-weekly 6", "--keep-weekly 100", "--keep-monthly 5", "--keep-monthly 100",
        "--keep-yearly 2", "--keep-yearly 100", "--keep-within 1d", "--keep-within 1m", "--keep-within 1y1m1d1h",
        "--keep-within-hourly 4m", "--keep-within-daily 4m", "--keep-within-weekly 1y", "--keep-within-monthly 2y",
        "--keep-within-yearly 5y", "--keep-within-daily 1h --keep-within-yearly 1m", "--keep-tag t", "--keep-tag t,u",
        "--keep-tag u --keep-tag t", "--keep-tag t --keep-last 2 --keep-monthly 3",
        "--keep-last 2 --keep-hourly 3 --keep-daily 4 --keep-weekly 3 --keep-monthly 6 --keep-yearly 3",
        "--keep-daily 2 --keep-within 2d --keep-within-weekly 3m --keep-yearly 10 --keep-tag u,t",
    ]

    @Test(
        "each rule keeps what the real restic keeps, for the same reasons",
        .enabled(if: ResticRepository.executable != nil || isContinuousIntegration, "restic is not installed"))
    func sameAsRestic() async throws {
        let executable = try #require(ResticRepository.executable, "restic is not installed, and CI is set")
        let repository = try ResticRepository(executable: executable)
        defer { try? FileManager.default.removeItem(at: repository.folder) }  // a folder left behind harms nobody
        let minor = try await repository.minorVersion()
        try await fill(repository)
        let snapshots = try await repository.snapshots()
        try #require(snapshots.count == 2 * Self.times.count)
        let items = snapshots.map(\.item)
        try #require(Set(items.map(\.seconds)).count == items.count, "of one moment restic lists in any order")
        let now = Int64(Date().timeIntervalSince1970)
        for line in Self.lines {
            for grouping in ["host,paths", "", "tags", "host,tags"] {
                let words = line.split(separator: " ").map(String.init)
                let expected = try await repository.forget(words + ["--group-by", grouping])
                let policy = try policy(words)
                var found = [String: [String]]()
                for group in try #require(RetentionGrouping(grouping)).groups(of: items) {
                    let members = group.indices.map { items[$0] }
                    for decision in policy.decide(members, now: now, keepsOldest: minor >= 16) {
                        found[snapshots[group.indices[decision.index]].id] = decision.reasons
                    }
                }
                if minor == 16 { found = found.mapValues { $0.map { $0.replacing("oldest ", with: "") } } }
                let different = expected.keys.filter { found[$0] != expected[$0] }
                #expect(different.isEmpty && found.count == expected.count, "\(line), grouped by \"\(grouping)\"")
            }
        }
    }

    /// Every time twice, on two hosts, with changing tags.
    private func fill(_ repository: ResticRepository) async throws {
        let tags = [[], ["t"], ["u"], ["t", "u"], ["v"]]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<ResticRepository.laneCount {
                group.addTask {
                    for index in stride(from: lane, to: 2 * Self.times.count, by: ResticRepository.laneCount) {
                        let (time, zone) = Self.times[index / 2]
                        // restic lists snapshots of one moment in any order, so the second host gets other minutes.
                        let isFirst = index % 2 == 0
                        let shifted = isFirst ? time : time.replacing(/:\d\d:/, with: ":\(17 + index % 40):")
                        try await repository.backUp(
                            at: shifted, zone: zone, host: isFirst ? "a" : "b", tags: tags[index % 5], lane: lane)
                    }
                }
            }
            try await group.waitForAll()
        }
        try repository.mergeLanes()
    }

    /// The policy that restic's options describe.
    private func policy(_ words: [String]) throws -> RetentionPolicy {
        var policy = RetentionPolicy()
        for (option, value) in zip(words, words.dropFirst()) where option.hasPrefix("--") {
            let span = RetentionSpan(value)
            switch option {
            case "--keep-last": policy.last = try #require(Int(value))
            case "--keep-hourly": policy.hourly = try #require(Int(value))
            case "--keep-daily": policy.daily = try #require(Int(value))
            case "--keep-weekly": policy.weekly = try #require(Int(value))
            case "--keep-monthly": policy.monthly = try #require(Int(value))
            case "--keep-yearly": policy.yearly = try #require(Int(value))
            case "--keep-within": policy.within = try #require(span)
            case "--keep-within-hourly": policy.withinHourly = try #require(span)
            case "--keep-within-daily": policy.withinDaily = try #require(span)
            case "--keep-within-weekly": policy.withinWeekly = try #require(span)
            case "--keep-within-monthly": policy.withinMonthly = try #require(span)
            case "--keep-within-yearly": policy.withinYearly = try #require(span)
            case "--keep-tag": policy.tags.append(value.split(separator: ",").map(String.init))
            default: Issue.record("unknown option \(option)")
            }
        }
        return policy
    }
}
