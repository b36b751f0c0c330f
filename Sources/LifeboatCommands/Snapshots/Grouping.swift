import ArgumentParser
import Repository
import Retention
import Trees

/// By what snapshots are put into groups, on the command line.
struct GroupingArgument: ExpressibleByArgument, Equatable {
    let value: RetentionGrouping

    init(_ value: RetentionGrouping) { self.value = value }

    init?(argument: String) {
        guard let value = RetentionGrouping(argument) else { return nil }
        self.value = value
    }

    var defaultValueDescription: String { "host,paths" }
}

/// What the snapshots of a group share, as restic's JSON has it.
struct GroupKey: Encodable {
    let hostname: String
    let paths: [String]?
    let tags: [String]?

    init(_ group: RetentionGroup) {
        hostname = group.hostname ?? ""
        paths = group.paths
        tags = group.tags
    }

    /// `host web1, paths /srv`.
    var title: String {
        var parts = [String]()
        if !hostname.isEmpty { parts.append("host \(hostname)") }
        if let paths { parts.append("paths " + paths.joined(separator: ", ")) }
        if let tags { parts.append("tags " + tags.joined(separator: ", ")) }
        return parts.isEmpty ? "all snapshots:" : parts.joined(separator: "; ") + ":"
    }
}

extension RetentionItem {
    /// What the keep rules need to know of a snapshot.
    init(_ entry: SnapshotEntry) {
        let snapshot = entry.snapshot
        self.init(
            seconds: entry.moment.seconds, nanoseconds: Int32(entry.moment.nanoseconds),
            zoneOffset: RetentionItem.zoneOffset(snapshot.time), hostname: snapshot.hostname ?? "",
            paths: snapshot.paths ?? [], tags: snapshot.tags ?? [])
    }

    /// Seconds that the zone in an RFC 3339 time is ahead of UTC.
    private static func zoneOffset(_ time: String) -> Int {
        let tail = Array(time.utf8.suffix(6))
        guard tail.count == 6, tail[3] == UInt8(ascii: ":"), let hours = Int(time.suffix(5).prefix(2)),
            let minutes = Int(time.suffix(2))
        else { return 0 }
        switch tail[0] {
        case UInt8(ascii: "+"): return hours * 3600 + minutes * 60
        case UInt8(ascii: "-"): return -(hours * 3600 + minutes * 60)
        default: return 0
        }
    }
}
