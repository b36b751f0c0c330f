import ArgumentParser
import Repository
import Retention

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

    init(hostname: String?, paths: [String]?, tags: [String]?) {
        self.hostname = hostname ?? ""
        self.paths = paths
        self.tags = tags
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
