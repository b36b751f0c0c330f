import Foundation

@testable import Retention

/// A repository of the real restic with snapshots at chosen times, and what its `forget` would do with them.
///
/// Its key and config are those of the sample repository in the test vectors, whose password costs next to nothing to try.
struct ResticRepository {
    static let executable = ["/usr/bin/restic", "/usr/local/bin/restic"].first(
        where: FileManager.default.isExecutableFile(atPath:))

    struct Snapshot: Decodable {
        let id: String
        let time: String
        let hostname: String
        let paths: [String]
        let tags: [String]?
    }

    private struct Group: Decodable {
        struct Reason: Decodable {
            struct Place: Decodable { let time: String }
            let snapshot: Place
            let matches: [String]
        }
        let keep: [Snapshot]?
        let remove: [Snapshot]?
        let reasons: [Reason]?
    }

    let folder: URL
    private let executable: String

    /// Makes an empty repository in a temporary folder, which the caller removes.
    init(executable: String) throws {
        self.executable = executable
        folder = URL(filePath: NSTemporaryDirectory()).appending(path: "retention-\(UUID().uuidString)")
        for name in (0..<Self.laneCount).map(Self.laneName) {
            for kind in ["keys", "data", "index", "snapshots", "locks"] {
                try FileManager.default.createDirectory(
                    at: folder.appending(path: "\(name)/\(kind)"), withIntermediateDirectories: true)
            }
            try Data(base64Encoded: Self.key)?.write(to: folder.appending(path: "\(name)/keys/\(Self.keyName)"))
            try Data(base64Encoded: Self.config)?.write(to: folder.appending(path: "\(name)/config"))
        }
        try Data("content".utf8).write(to: folder.appending(path: "file"))
    }

    /// restic waits for locks most of the time, and trips over those that others remove; so several copies of the repository are
    /// filled side by side and their snapshots then moved into the first.
    static let laneCount = 8

    private static func laneName(_ lane: Int) -> String { "repo-\(lane)" }

    /// Moves the snapshots of all lanes into lane 0, which the other functions look at.
    func mergeLanes() throws {
        let target = folder.appending(path: Self.laneName(0)).appending(path: "snapshots")
        for lane in 1..<Self.laneCount {
            let source = folder.appending(path: Self.laneName(lane)).appending(path: "snapshots")
            for name in try FileManager.default.contentsOfDirectory(atPath: source.path) {
                try FileManager.default.moveItem(at: source.appending(path: name), to: target.appending(path: name))
            }
        }
    }

    /// The minor version of restic, 14 for 0.14.0.
    func minorVersion() async throws -> Int {
        let text = String(decoding: try await run(["version"], zone: "UTC"), as: UTF8.self)
        return text.split(separator: ".").dropFirst().first.flatMap { Int($0) } ?? 0
    }

    /// Makes a snapshot at `time`, read in the time zone `zone`.
    func backUp(at time: String, zone: String, host: String, tags: [String], lane: Int) async throws {
        let tagged = tags.isEmpty ? [] : ["--tag", tags.joined(separator: ",")]
        _ = try await run(["backup", "--time", time, "--host", host, "file"] + tagged, zone: zone, lane: lane)
    }

    /// All snapshots, as items in the order of the listing.
    func snapshots() async throws -> [(id: String, item: RetentionItem)] {
        let list = try JSONDecoder().decode([Snapshot].self, from: try await run(["snapshots", "--json"], zone: "UTC"))
        return list.compactMap { snapshot in
            guard let (seconds, offset) = Self.parse(snapshot.time) else { return nil }
            let item = RetentionItem(
                seconds: seconds, zoneOffset: offset, hostname: snapshot.hostname, paths: snapshot.paths,
                tags: snapshot.tags ?? [])
            return (snapshot.id, item)
        }
    }

    /// What `forget` would do: per snapshot the reasons to keep it, none for those it would remove.
    func forget(_ arguments: [String]) async throws -> [String: [String]] {
        let output = try await run(["forget", "--no-lock", "--dry-run", "--json"] + arguments, zone: "UTC")
        var reasons = [String: [String]]()
        for group in try JSONDecoder().decode([Group].self, from: output) {
            for (snapshot, reason) in zip(group.keep ?? [], group.reasons ?? []) {
                reasons[snapshot.id] = reason.matches
            }
            for snapshot in group.remove ?? [] { reasons[snapshot.id] = [] }
        }
        return reasons
    }

    /// Seconds since 1970 and the zone of `2024-01-02T03:04:05+05:30`; nil with fractions, which these snapshots do not have.
    private static func parse(_ time: String) -> (seconds: Int64, offset: Int)? {
        let numbers = time.split { !$0.isNumber }.compactMap { Int($0) }
        guard numbers.count == (time.hasSuffix("Z") ? 6 : 8), !time.contains(".") else { return nil }
        let sign = time.dropFirst(19).hasPrefix("-") ? -1 : 1
        let offset = numbers.count == 8 ? sign * (numbers[6] * 3600 + numbers[7] * 60) : 0
        let day = CivilTime.dayNumber(year: numbers[0], month: numbers[1], day: numbers[2])
        return (Int64(day * 86_400 + numbers[3] * 3600 + numbers[4] * 60 + numbers[5] - offset), offset)
    }

    private struct Failure: Error { let message: String }

    /// Runs restic and returns its output, which goes through a file so that no pipe can fill up.
    private func run(_ arguments: [String], zone: String, lane: Int = 0) async throws -> Data {
        let output = folder.appending(path: UUID().uuidString)
        try Data().write(to: output)
        let process = Process()
        process.executableURL = URL(filePath: executable)
        process.arguments = ["--repo", Self.laneName(lane), "--no-cache"] + arguments
        process.currentDirectoryURL = folder
        process.environment = ["RESTIC_PASSWORD": "lifeboat-sample", "TZ": zone, "HOME": folder.path]
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = FileHandle.standardError
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { process in
                if process.terminationStatus == 0 {
                    continuation.resume()
                } else {
                    continuation.resume(throwing: Failure(message: "restic \(arguments): \(process.terminationStatus)"))
                }
            }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        return try Data(contentsOf: output)
    }

    private static let keyName = "21b2bf6ba0703ca9c57c31b60c92ae2d0efcae06a9b0c6be5a1807e4f3003689"
    private static let key =
        "eyJjcmVhdGVkIjoiMjAyNi0wMS0wMVQwMDowMDowMFoiLCJ1c2VybmFtZSI6InUiLCJob3N0bmFtZSI6ImgiLCJrZGYiOiJzY3J5"
        + "cHQiLCJOIjoxMDI0LCJyIjo4LCJwIjoxLCJzYWx0IjoiRXcyeTgzOXlESHdGRzJpSFFXbGtNSlA1S0FZc25xZkZ0ZXZDWTBxOUZE"
        + "bmw0Y2FzU3pMZmZRNStJSFhxck9EZW1zS0xOUG5pYjk0RjJyT3BKQ05UU3c9PSIsImRhdGEiOiJCVDJaejVzeWN3UndIL1l6aVRJ"
        + "ZjJETldYakNBRUJQMHpJb0diSVpGN2JNcTR3Z3V2QnJ2dzNIQUpnVml6akVSY0hXSzdjdllsN3RCU2szczkxa1drOWs4bXZZNDdG"
        + "azBKUy94U1QyVEhiQWsveEpiMFFYOFA5dUNSTWE3MnNvTjhsTGFuRnIwVldETyszbVVmUC92cVREdjRKbEs2VzVQZ1U1SGlWWEVD"
        + "YStocTY4VkdNVjIvbDhac1FaZWk0cFQ2NWNtWklzdnc5QjNaSnlYWTY4TWF0d3NXdGNiZVE9PSJ9"
    private static let config =
        "CHPHsyuj5ZBbDI7g1QW6vnCeaTNEuBLW9V+dFcW+d2BMFyixTBpkANSp8UcHuwQr3CZhRubNFQxL9ZfRMEbfN5aAkFQdOT89EK30"
        + "cJ8+ICKZg5uUfDO4s5xlcrKp9T1vi+mBhtiwervGUNiZOpCvBSO3dA/5Q6R4/KivWL9Uwi6vZ8fS8Q270la7GvtvmnlV567BHu/w"
        + "+zx5TmCgiiTtuw=="
}
