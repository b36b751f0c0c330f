/// What a prune did.
public struct PruneReport: Sendable, Codable {
    /// What was planned.
    public internal(set) var plan: PrunePlan
    /// The first run.
    public internal(set) var first = PruneFirstRun()
    /// The second run, of earlier lists or of the one just made; nil when there was nothing to carry out, or it had to wait.
    public internal(set) var second: PruneSecondRun?
    /// Why the second run has to wait: who works in the repository.
    public internal(set) var postponed: String?
}

extension OpenRepository {
    /// Prunes: deletes what earlier runs have listed, if nobody else works here, then makes a plan and carries out its first
    /// run beside others. With `deletesNow` the second run follows at once, which needs the repository for itself.
    ///
    /// Throws `.locked` when `deletesNow` cannot have it; the removal list is written by then and waits.
    public func prune(
        _ settings: PruneSettings, locks: LockSettings, deletesNow: Bool = false,
        progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
    ) async throws -> PruneReport {
        var second: PruneSecondRun?
        var postponed: String?
        if !deletesNow, try await !Removals.lists(of: self).lists.isEmpty {
            do {
                second = try await locked(.exclusive, locks) { try await self.secondRun(under: $0) }
            } catch let error as RepositoryError where error.code == .locked {
                postponed = error.message
            }
        }
        let (plan, first) = try await locked(.shared, locks) { lock in
            let plan = try await self.prunePlan(settings)
            return (plan, try await self.firstRun(plan, under: lock, progress: progress))
        }
        if deletesNow { second = try await locked(.exclusive, locks) { try await self.secondRun(under: $0) } }
        return PruneReport(plan: plan, first: first, second: second, postponed: postponed)
    }
}
