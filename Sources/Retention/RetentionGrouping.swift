/// By what snapshots are put into groups before a policy looks at each group alone.
public struct RetentionGrouping: OptionSet, Sendable, Hashable {
    public let rawValue: Int

    public init(rawValue: Int) { self.rawValue = rawValue }

    /// The host name.
    public static let host = RetentionGrouping(rawValue: 1)
    /// The set of paths.
    public static let paths = RetentionGrouping(rawValue: 2)
    /// The set of tags.
    public static let tags = RetentionGrouping(rawValue: 4)
    /// restic's choice when nothing is said.
    public static let usual: RetentionGrouping = [.host, .paths]

    /// Reads restic's form: `host`, `paths` and `tags` (or `hosts`, `path`, `tag`) with commas between; empty text puts all into
    /// one group. Nil for anything else.
    public init?(_ text: String) {
        self = []
        for word in text.split(separator: ",") {
            switch word {
            case "host", "hosts": insert(.host)
            case "path", "paths": insert(.paths)
            case "tag", "tags": insert(.tags)
            default: return nil
            }
        }
    }
}

/// Snapshots that a policy looks at together.
public struct RetentionGroup: Sendable, Hashable {
    /// The host they share; nil when hosts do not matter.
    public let hostname: String?
    /// The sorted paths they share; nil when paths do not matter.
    public let paths: [String]?
    /// The sorted tags they share; nil when tags do not matter.
    public let tags: [String]?
    /// Their places in the list that was handed in, ascending.
    public let indices: [Int]
}

extension RetentionGrouping {
    private struct Key: Hashable {
        let hostname: String?
        let paths: [String]?
        let tags: [String]?
    }

    /// Puts `items` into groups, which come in the order of their first members.
    public func groups(of items: [RetentionItem]) -> [RetentionGroup] {
        var order = [Key]()
        var members = [Key: [Int]]()
        for (index, item) in items.enumerated() {
            let key = Key(
                hostname: contains(.host) ? item.hostname : nil, paths: contains(.paths) ? item.paths.sorted() : nil,
                tags: contains(.tags) ? item.tags.sorted() : nil)
            if members[key] == nil { order.append(key) }
            members[key, default: []].append(index)
        }
        return order.map { key in
            RetentionGroup(hostname: key.hostname, paths: key.paths, tags: key.tags, indices: members[key] ?? [])
        }
    }
}

extension RetentionPolicy {
    /// Puts `items` into groups and decides about each group alone.
    ///
    /// - Returns: per group its decisions, newest first; their indices are places in `items`. A group of which nothing stays is
    ///   possible with rules for tags alone; a command should refuse to remove the last snapshot of a group, as restic does.
    public func decide(
        _ items: [RetentionItem], grouping: RetentionGrouping, now: Int64
    ) -> [(group: RetentionGroup, decisions: [RetentionDecision])] {
        grouping.groups(of: items).map { group in
            let decisions = decide(group.indices.map { items[$0] }, now: now)
            return (group, decisions.map { RetentionDecision(index: group.indices[$0.index], reasons: $0.reasons) })
        }
    }
}
