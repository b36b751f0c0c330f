public import DataSources
public import Journal
import Repository

/// What is known of a source's history: its points, its timelines and its log.
public struct AnySecond: Sendable {
    /// The source.
    public let source: ProtectedSource
    /// Points that have it, oldest first.
    public let entries: [PointEntry]
    /// One entry a timeline.
    public let coverages: [Coverage]
    /// The planner.
    public let planner: RestorePlanner

    /// Reads it from the repository; a source without a journal has no coverage.
    ///
    /// - Throws: `JournalError`, `RepositoryError`, `StoreError`.
    public static func read(_ source: ProtectedSource, in context: RecoveryContext) async throws -> AnySecond {
        let repository = context.repository
        // Read before the log is looked at, which then has at least what the journal says it has.
        let state = JournalState.read(context.stateFolder, source: source.name)
        let entries = try await PointStore(repository).list().entries
        let reader = JournalReader(
            store: repository.store, repositoryID: repository.config.id, key: repository.key, source: source.name)
        var coverages = [Coverage]()
        for record in try await reader.timelines().records { coverages.append(try await reader.coverage(of: record)) }
        var heardUntil: Double?
        let live = coverages.filter { $0.timeline.undone == nil }.map(\.timeline.timeline).max()
        if let state, state.timeline == live {
            heardUntil = state.heardUntil(flush: (source.journal ?? JournalSettings()).flush)
        }
        return AnySecond(source, entries, coverages, heardUntil: heardUntil)
    }

    init(
        _ source: ProtectedSource, _ entries: [PointEntry], _ coverages: [Coverage], heardUntil: Double? = nil
    ) {
        self.source = source
        self.entries = entries.filter { $0.point.part(source.name) != nil }
        self.coverages = coverages
        planner = RestorePlanner(
            source: source.name, kind: source.kind,
            bases: RestoreBase.all(of: source.name, kind: source.kind, in: self.entries, coverages),
            coverages: coverages, heardUntil: heardUntil)
    }

    /// The same with one point only.
    func only(_ entry: PointEntry) -> AnySecond {
        AnySecond(source, [entry], coverages, heardUntil: planner.heardUntil)
    }

    /// Where the copy of a point stands; the end where it does not say so.
    public func target(of entry: PointEntry) -> LogTarget {
        only(entry).planner.bases.first.map { .through($0.position) } ?? .end
    }

    /// The plan that restores a point as it is; nil when it has no physical copy.
    ///
    /// - Throws: `RestoreRefusal`.
    public func plan(for entry: PointEntry) throws -> RestorePlan? {
        let only = only(entry)
        guard let base = only.planner.bases.first else { return nil }
        if EnginePosition(base.position, kind: source.kind) == .gtid([:]) {
            return try only.planner.plan(standingAt: base)
        }
        return try only.planner.plan(.through(base.position), timeline: base.timeline)
    }

    /// A restore by a plan of this planner.
    public func restore(_ plan: RestorePlan, in context: RecoveryContext) throws -> AnySecondRestore {
        guard let entry = entries.first(where: { $0.point.id == plan.base.point }) else {
            preconditionFailure("a plan begins with a point that the planner was given")
        }
        return AnySecondRestore(plan, from: entry, source: source, in: context)
    }
}
