import DataSources
import Journal
import Repository
import Sealing
import Trees

/// Lets go of the log that no recovery point needs any more: its snapshots and its segments.
public struct JournalRetention: Sendable {
    /// What goes, or went, of one timeline.
    public struct Trimmed: Sendable, Hashable, Codable {
        /// The source.
        public var source: String
        /// The timeline.
        public var timeline: UInt32
        /// The number of the first object of its chain that stays.
        public var first: UInt64
        /// Objects of the chain that go.
        public var objectCount: Int
        /// Snapshots of closed log files that go.
        public var snapshotCount: Int

        enum CodingKeys: String, CodingKey {
            case source, timeline, first
            case objectCount = "object_count"
            case snapshotCount = "snapshot_count"
        }
    }

    private struct Cut {
        var trim: JournalTrim
        var objectCount: Int
        var snapshots: [SnapshotEntry]
    }

    private let source: ProtectedSource
    private let context: RecoveryContext
    private let journal: SourceJournal

    /// For a source.
    public init(_ source: ProtectedSource, in context: RecoveryContext) {
        self.source = source
        self.context = context
        let repository = context.repository
        journal = SourceJournal(
            store: repository.store, repositoryID: repository.config.id, key: repository.key, source: source.name)
    }

    /// What would go if only `points` remained. Changes nothing.
    public func simulate(_ points: [PointEntry]) async throws -> [Trimmed] {
        try await cuts(points).map { trimmed($0.key, $0.value) }.sorted { $0.timeline < $1.timeline }
    }

    /// Lets it go. First the trim is written, which says so; then the snapshots go, then the segments: killed in between, the
    /// next one goes on. Takes an exclusive lock.
    public func apply() async throws -> [Trimmed] {
        try await context.repository.locked(.exclusive, context.locks) { _ in
            let list = try await PointStore(context.repository).list()
            // A point that cannot be read may need any of it.
            guard list.damaged.isEmpty else { return [] }
            var done = [Trimmed]()
            for (timeline, cut) in try await cuts(list.entries).sorted(by: { $0.key < $1.key }) {
                let trimmer = JournalTrimmer(journal, timeline: timeline)
                try await trimmer.write(cut.trim)
                try await context.repository.forget(cut.snapshots.map(\.id))
                try await trimmer.sweep()
                done.append(trimmed(timeline, cut))
            }
            if !done.isEmpty { try await context.recorder.record("forget", TrimEvent(journals: done)) }
            return done
        }
    }

    private struct TrimEvent: Codable, Sendable { var journals: [Trimmed] }

    private func trimmed(_ timeline: UInt32, _ cut: Cut) -> Trimmed {
        Trimmed(
            source: source.name, timeline: timeline, first: cut.trim.first, objectCount: cut.objectCount,
            snapshotCount: cut.snapshots.count)
    }

    /// Where chains are cut, by timeline; those that stay as they are left out.
    private func cuts(_ points: [PointEntry]) async throws -> [UInt32: Cut] {
        let reader = JournalReader(journal)
        var coverages = [Coverage]()
        for record in try await reader.timelines().records { coverages.append(try await reader.coverage(of: record)) }
        guard !coverages.isEmpty else { return [:] }
        let bases = RestoreBase.all(of: source.name, kind: source.kind, in: points, coverages)
        let needs = JournalNeed.of(coverages, bases: bases)
        let snapshots = try await context.repository.snapshots().entries.filter {
            ($0.snapshot.tags ?? []).contains(JournalTag.of(source.name))
        }
        var cuts = [UInt32: Cut]()
        for coverage in coverages {
            let timeline = coverage.timeline.timeline
            let members = try await reader.chain(of: timeline)
            let before = try await JournalTrimmer(journal, timeline: timeline).first()
            let first = JournalRetention.first(needs[timeline] ?? .all, coverage, members) ?? before
            let closings = members.compactMap { member -> Closing? in
                guard case .closing(let closing) = member.content else { return nil }
                return closing
            }
            let (gone, kept) = (
                closings.filter { JournalRetention.begin($0) < first },
                closings.filter { JournalRetention.begin($0) >= first }
            )
            let trees = Set(gone.map(\.tree)).subtracting(kept.map(\.tree))
            let old = snapshots.filter { trees.contains($0.snapshot.tree) }
            let leftOver = try await journal.objectCount(of: timeline, before: first)
            guard first > before || leftOver > 0 || !old.isEmpty else { continue }
            let trim = JournalTrim(
                first: max(first, before), predecessor: JournalRetention.digest(before: first, members, closings),
                time: context.now().rfc3339)
            cuts[timeline] = Cut(trim: trim, objectCount: leftOver, snapshots: old)
        }
        return cuts
    }

    /// The number of the first object that is needed; nil where all is, or where nobody can tell.
    static func first(_ need: JournalNeed, _ coverage: Coverage, _ members: [ChainMember]) -> UInt64? {
        switch need {
        case .all: return nil
        case .none: return members.last.map { $0.number + 1 }
        case .from(let file):
            let parts = coverage.spans.flatMap(\.parts)
            guard let index = parts.firstIndex(where: { $0.header.file == file && $0.header.offset == 0 }) else {
                return nil
            }
            // A closing stands where the first segments were that it replaced, with all its files.
            return parts[index...].compactMap { part -> UInt64? in
                switch part.location {
                case .segment(let number): return number
                case .snapshot(let tree, _):
                    return members.compactMap { member -> UInt64? in
                        guard case .closing(let closing) = member.content, closing.tree == tree else { return nil }
                        return begin(closing)
                    }.min()
                }
            }.min()
        }
    }

    private static func begin(_ closing: Closing) -> UInt64 { closing.replaced.first?.first ?? .max }

    private static func digest(before first: UInt64, _ members: [ChainMember], _ closings: [Closing]) -> String? {
        members.first { $0.number + 1 == first }?.digest.hex
            ?? closings.flatMap(\.replaced).first { $0.last + 1 == first }?.lastDigest
    }
}
