public import Retention
public import Sealing
public import Trees

/// Which snapshots a policy keeps and which it removes. Making one changes nothing.
public struct ForgetPlan: Sendable, Encodable {
    /// A snapshot that stays, and which rules want it.
    public struct Kept: Sendable, Encodable {
        /// The snapshot.
        public let snapshot: SnapshotEntry
        /// Rules in restic's words: `daily snapshot`.
        public let reasons: [String]
    }

    /// Snapshots that the policy looked at together.
    public struct Group: Sendable, Encodable {
        /// The host they share; nil when hosts do not matter.
        public let hostname: String?
        /// The paths they share; nil when paths do not matter.
        public let paths: [String]?
        /// The tags they share; nil when tags do not matter.
        public let tags: [String]?
        /// What stays, newest first.
        public let keep: [Kept]
        /// What goes, newest first.
        public let remove: [SnapshotEntry]
    }

    /// All groups, in the order of their oldest members.
    public let groups: [Group]
    /// Snapshots that cannot be read. A policy never removes them: nobody knows what they are.
    public let damaged: [SnapshotID]
    /// Snapshots that belong to recovery points. No policy here decides about them: a point goes as a whole, by its plan's.
    public let pointSnapshotCount: Int

    /// Everything that goes.
    public var removed: [SnapshotEntry] { groups.flatMap(\.remove) }

    enum CodingKeys: String, CodingKey { case groups, damaged }

    /// Writes groups as they are and damaged snapshots by their names.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(groups, forKey: .groups)
        try container.encode(damaged.map(\.hex), forKey: .damaged)
    }
}

extension SnapshotEntry: Encodable {
    private enum CodingKeys: String, CodingKey {
        case id
        case shortID = "short_id"
    }

    /// Writes what the file says, with its name as `id` and `short_id`, as restic's JSON has it.
    public func encode(to encoder: any Encoder) throws {
        try snapshot.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id.hex, forKey: .id)
        try container.encode(id.short, forKey: .shortID)
    }
}

extension SnapshotEntry {
    /// Does it carry the tag of a recovery point?
    public var belongsToPoint: Bool {
        snapshot.tags?.contains { $0.hasPrefix("lifeboat-point:") || $0.hasPrefix("journal:") } ?? false
    }

    /// What keep rules ask of a snapshot.
    public var retentionItem: RetentionItem {
        RetentionItem(
            seconds: moment.seconds, nanoseconds: Int32(moment.nanoseconds),
            zoneOffset: SnapshotEntry.zoneOffset(snapshot.time), hostname: snapshot.hostname ?? "",
            paths: snapshot.paths ?? [], tags: snapshot.tags ?? [])
    }

    /// Seconds that the zone of a time in RFC 3339 is ahead: `Z`, or `±hh:mm` at its end. 0 for anything else.
    static func zoneOffset(_ time: String) -> Int {
        let end = Array(time.utf8.suffix(6))
        guard end.count == 6, end[3] == UInt8(ascii: ":"), end[0] == UInt8(ascii: "+") || end[0] == UInt8(ascii: "-")
        else { return 0 }
        let digits = [1, 2, 4, 5].map { Int(end[$0]) - 0x30 }
        guard digits.allSatisfy({ (0...9).contains($0) }) else { return 0 }
        let seconds = ((digits[0] * 10 + digits[1]) * 60 + digits[2] * 10 + digits[3]) * 60
        return end[0] == UInt8(ascii: "-") ? -seconds : seconds
    }
}

extension OpenRepository {
    /// Asks a policy about the snapshots that `filter` matches, group by group.
    ///
    /// Throws `.invalidArgument` for a policy without rules, and for one that would leave nothing of a group: whoever wants
    /// that names the snapshots.
    public func forgetPlan(
        policy: RetentionPolicy, groupBy: RetentionGrouping = .usual, filter: SnapshotFilter = SnapshotFilter(),
        now: Timestamp
    ) async throws -> ForgetPlan {
        guard !policy.isEmpty else {
            throw RepositoryError(
                .invalidArgument, "no rule says what to keep", subject: location,
                hint: "give at least one, such as --keep-daily 7; to remove single snapshots, name them")
        }
        let list = try await snapshots()
        let matching = list.entries.filter { filter.matches($0.snapshot) }
        let entries = matching.filter { !$0.belongsToPoint }
        let decided = policy.decide(entries.map(\.retentionItem), grouping: groupBy, now: now.seconds)
        let groups = try decided.map { group, decisions in
            let keep = decisions.filter(\.isKept).map {
                ForgetPlan.Kept(snapshot: entries[$0.index], reasons: $0.reasons)
            }
            let remove = decisions.filter { !$0.isKept }.map { entries[$0.index] }
            guard !keep.isEmpty else { throw refusal(group, remove.count) }
            return ForgetPlan.Group(
                hostname: group.hostname, paths: group.paths, tags: group.tags, keep: keep, remove: remove)
        }
        return ForgetPlan(
            groups: groups, damaged: list.damaged.map(\.id), pointSnapshotCount: matching.count - entries.count)
    }

    private func refusal(_ group: RetentionGroup, _ count: Int) -> RepositoryError {
        let names = [group.hostname.map { "host \($0)" }, group.paths.map { "paths \($0.joined(separator: ", "))" }]
        let what = names.compactMap { $0 }.joined(separator: ", ")
        return RepositoryError(
            .invalidArgument,
            "the rules would remove all \(count) snapshots of a group\(what.isEmpty ? "" : " (\(what))")",
            subject: location, hint: "keep at least --keep-last 1, or name the snapshots that shall go")
    }
}
