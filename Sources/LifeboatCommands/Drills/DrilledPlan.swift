import ArgumentParser
import Drills
import FoundationEssentials
import Ledger
import Recovery
import Trees

/// What the environment's own recovery points say before a drill begins: how much data there is, and how much stood open.
struct DrilledPlan {
    let environment: DrillEnvironment
    let context: CommandContext

    /// Asks the repository that the environment's `CONFIG` leads to, for its `PLAN`, or for all plans. Nothing of a drill depends on it:
    /// nil where there is no such file here, or it cannot be asked.
    func data() async throws -> DrilledData? {
        guard let file = environment.variables["CONFIG"], FileManager.default.isReadableFile(atPath: file) else {
            return nil
        }
        do {
            let options = try GlobalOptions.parse(["--config", file, "--quiet"])
            let opened = try await RecoveryAccess(context: context, options: options).open()
            let plan = environment.variables["PLAN"]
            let newest = try await PointStore(opened.recovery.repository).list().entries
                .last { ($0.point.plan == plan || plan == nil) && $0.point.failed.isEmpty }
            return DrilledData(
                byteCount: newest.map { $0.point.parts.reduce(0) { $0 &+ $1.byteCount } }, pointID: newest?.point.id,
                exposureSeconds: Exposure.longest(
                    points: try await spans(opened.ledger, plan), now: MomentArgument.seconds(context.now())))
        } catch {
            try Task.checkCancellation()
            context.output.message("note: how much data is drilled is not known: \(ErrorReport(error).message)")
            return nil
        }
    }

    /// All points that were made, those that have gone since too: what the reading began at, and when all of it was stored.
    private func spans(_ ledger: Ledger, _ plan: String?) async throws -> [(position: Double, visible: Double)] {
        var spans = [(position: Double, visible: Double)]()
        for node in try await ledger.nodes() {
            for event in try await ledger.events(of: node) where event.header.kind == .backup {
                guard let backup = event.decode(as: RecordedEvent<RecordedBackup>.self)?.detail,
                    backup.plan == plan || plan == nil, !backup.parts.contains(where: { $0.outcome == "failed" }),
                    let began = Timestamp(rfc3339: backup.started), let ended = Timestamp(rfc3339: backup.ended)
                else { continue }
                spans.append((MomentArgument.seconds(began), MomentArgument.seconds(ended)))
            }
        }
        return spans
    }
}
