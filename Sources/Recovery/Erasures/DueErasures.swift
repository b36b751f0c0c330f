public import DataSources
public import Journal
public import Trees

/// Where a restored database stands.
public struct RestoredMoment: Sendable, Hashable {
    /// Its engine.
    public var kind: SourceKind
    /// In the engine's own words; nil where unknown.
    public var position: String?
    /// The latest moment that can be in it.
    public var time: Timestamp
    /// The timeline of the journal on which the position is; nil where nothing says so.
    public var timeline: UInt32?

    /// A moment.
    public init(kind: SourceKind, position: String?, time: Timestamp, timeline: UInt32? = nil) {
        self.kind = kind
        self.position = position
        self.time = time
        self.timeline = timeline
    }
}

/// Which erasures a restored database must be told again.
public enum DueErasures {
    /// One subject.
    public struct Subject: Sendable, Hashable {
        /// Its kind.
        public var kind: String
        /// Its keyed hash.
        public var subject: String
        /// The entries that ask for it: numbers of `add`.
        public var entries: [UInt64]
    }

    /// Every subject with an erasure that is not in the restored data yet: added and not confirmed, or confirmed at a position
    /// that what was restored does not have. One who was erased before, and registered again since, is left alone.
    ///
    /// `timelines` are those of the source's journal: a position of a history that was left before it, or that nobody knows how
    /// to get from, is none that what was restored has.
    public static func due(
        _ entries: [ErasureEntry], kinds: Set<String>, restored: RestoredMoment, timelines: TimelineTree? = nil
    ) -> [Subject] {
        var confirmations = [UInt64: [ErasureEntry]]()
        for entry in entries where entry.moment == .confirm {
            if let number = entry.confirms { confirmations[number, default: []].append(entry) }
        }
        let path = HistoryPath(restored, timelines)
        var found = [Subject]()
        for entry in entries where entry.moment == .add && kinds.contains(entry.kind) {
            let isIn = confirmations[entry.number, default: []].contains { contains(restored, $0, path) }
            if isIn { continue }
            if let index = found.firstIndex(where: { $0.kind == entry.kind && $0.subject == entry.subject }) {
                found[index].entries.append(entry.number)
            } else {
                found.append(Subject(kind: entry.kind, subject: entry.subject, entries: [entry.number]))
            }
        }
        return found
    }

    /// Is the deletion that was confirmed part of what was restored? By position where both are known; else by time, and then
    /// an equal second counts as not: to erase twice does no harm.
    private static func contains(
        _ restored: RestoredMoment, _ confirmation: ErasureEntry, _ path: HistoryPath?
    ) -> Bool {
        if let path, let timeline = confirmation.timeline, let there = confirmation.position,
            !path.passes(there, on: timeline)
        {
            return false
        }
        if let here = restored.position, let there = confirmation.position,
            let isIn = LogPosition.contains(here, there, kind: restored.kind)
        {
            return isIn
        }
        guard let confirmed = Timestamp(rfc3339: confirmation.time) else { return false }
        return restored.time.seconds > confirmed.seconds
    }
}

/// Positions in the words of their engines, compared.
public enum LogPosition {
    /// Does a database at `position` have everything that one at `other` had? Nil when that cannot be told: words that are not
    /// understood, an engine without a log.
    public static func contains(_ position: String, _ other: String, kind: SourceKind) -> Bool? {
        switch kind {
        case .mariadb: containsGTIDs(position, other)
        case .postgresql: compare(lsn(position), lsn(other))
        default: nil
        }
    }

    private static func compare(_ one: UInt64?, _ other: UInt64?) -> Bool? {
        guard let one, let other else { return nil }
        return one >= other
    }

    /// `1A/3000028` as a number.
    static func lsn(_ text: String) -> UInt64? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let high = UInt32(parts[0], radix: 16), let low = UInt32(parts[1], radix: 16) else {
            return nil
        }
        return UInt64(high) << 32 | UInt64(low)
    }

    /// The highest sequence of each domain decides.
    private static func containsGTIDs(_ position: String, _ other: String) -> Bool? {
        guard let here = gtids(position), let there = gtids(other) else { return nil }
        return there.allSatisfy { domain, sequence in (here[domain] ?? 0) >= sequence }
    }

    /// `0-1-5,1-2-9` as the highest sequence by domain.
    static func gtids(_ text: String) -> [UInt32: UInt64]? {
        var highest = [UInt32: UInt64]()
        for item in text.split(separator: ",") {
            let parts = item.drop { $0 == " " }.split(separator: "-", omittingEmptySubsequences: false)
            guard parts.count == 3, let domain = UInt32(parts[0]), UInt32(parts[1]) != nil,
                let sequence = UInt64(parts[2])
            else { return nil }
            highest[domain] = max(highest[domain] ?? 0, sequence)
        }
        return highest
    }
}
