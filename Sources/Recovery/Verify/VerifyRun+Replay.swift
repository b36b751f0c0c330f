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
        do {
            return try await awaited(source) {
                // This point is what is verified: no other one may be the base.
                let known = try await AnySecond.read(source, in: context).only(restore.entry)
                let timeline = known.planner.bases.first?.timeline
                return try known.restore(try known.planner.plan(.through(position), timeline: timeline), in: context)
            }
        } catch let refusal as RestoreRefusal {
            context.report("\(source.name): not replayed to where its tables were counted: \(refusal.message)")
            return nil
        }
    }

    /// How long a journal that runs here may take until it has what was counted a moment ago.
    private static let patience = Duration.seconds(15)

    /// Tries again while what is asked for is behind the end of a log that is being followed.
    private func awaited<Value>(_ source: ProtectedSource, _ plan: () async throws -> Value) async throws -> Value {
        let end = ContinuousClock.now + Self.patience
        var isTold = false
        while true {
            do {
                return try await plan()
            } catch let refusal as RestoreRefusal {
                guard refusal.reason == .afterEnd, ContinuousClock.now < end,
                    FileLock.isHeld(folder: context.stateFolder, name: JournalRun.lockName(source.name))
                else { throw refusal }
            }
            if !isTold {
                context.report("\(source.name): waiting until the journal has what was counted, at most 15 s")
                isTold = true
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }
}
