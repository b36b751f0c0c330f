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
        let entries = try await PointStore(repository).list().entries
        let reader = JournalReader(
            store: repository.store, repositoryID: repository.config.id, key: repository.key, source: source.name)
        var coverages = [Coverage]()
        for record in try await reader.timelines().records { coverages.append(try await reader.coverage(of: record)) }
        return AnySecond(source, entries, coverages)
    }

    init(_ source: ProtectedSource, _ entries: [PointEntry], _ coverages: [Coverage]) {
        self.source = source
        self.entries = entries.filter { $0.point.part(source.name) != nil }
        self.coverages = coverages
        planner = RestorePlanner(
            source: source.name, kind: source.kind,
            bases: RestoreBase.all(of: source.name, kind: source.kind, in: self.entries, coverages),
            coverages: coverages)
    }

    /// The same with one point only.
    func only(_ entry: PointEntry) -> AnySecond { AnySecond(source, [entry], coverages) }

    /// A restore by a plan of this planner.
    public func restore(_ plan: RestorePlan, in context: RecoveryContext) throws -> AnySecondRestore {
        guard let entry = entries.first(where: { $0.point.id == plan.base.point }) else {
            preconditionFailure("a plan begins with a point that the planner was given")
        }
        return AnySecondRestore(plan, from: entry, source: source, in: context)
    }
}
