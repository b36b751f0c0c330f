import DataSources
import Repository

extension VerifyRun {
    /// The restore to exactly where the tables were counted, when that is not where the base stands; nil where the base itself is
    /// compared, or the journal cannot get there.
    func replay(
        _ source: ProtectedSource, _ pins: ContentPins.SourcePins?
    ) async throws -> AnySecondRestore? {
        guard let pins, !pins.pins.isEmpty, !pins.isOfBase,
            pins.position != restore.entry.point.part(source.name)?.reading?.position,
            // A moment that PostgreSQL gave as a stretch of its log is no position to replay to.
            pins.position.startLSN == pins.position.endLSN, let position = pins.position.gtid ?? pins.position.endLSN,
            context.factory.restorer(source, context.environment) is any LogReplayer
        else { return nil }
        // This point is what is verified: no other one may be the base.
        let known = try await AnySecond.read(source, in: context).only(restore.entry)
        let timeline = known.planner.bases.first?.timeline
        do {
            return try known.restore(try known.planner.plan(.through(position), timeline: timeline), in: context)
        } catch let refusal as RestoreRefusal {
            context.report("\(source.name): not replayed to where its tables were counted: \(refusal.message)")
            return nil
        }
    }
}
