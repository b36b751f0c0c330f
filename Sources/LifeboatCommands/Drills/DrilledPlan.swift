import ArgumentParser
import Drills
import FoundationEssentials
import Ledger
import Recovery
import Trees

/// What the environment's own repository says: before a drill begins how much data there is and how much stood open, at its end what
/// was restored.
struct DrilledPlan: RestoreWitness {
    let environment: DrillEnvironment
    let context: CommandContext

    /// Asks the repository that the environment's `CONFIG` leads to, for its `PLAN`, or for all plans. Nothing of a drill depends on it:
    /// nil where there is no such file here, or it cannot be asked.
    func data() async throws -> DrilledData? {
        try await asked("how much data is drilled") { opened in
            let plan = environment.variables["PLAN"]
            let newest = try await PointStore(opened.recovery.repository).list().entries
                .last { ($0.point.plan == plan || plan == nil) && $0.point.failed.isEmpty }
            return DrilledData(
                byteCount: newest.map { $0.point.parts.reduce(0) { $0 &+ $1.byteCount } }, pointID: newest?.point.id,
                exposureSeconds: Exposure.longest(
                    points: try await spans(opened.ledger, plan), now: MomentArgument.seconds(context.now())))
        }
    }

    func restores(from: Double, to: Double) async throws -> [DrilledRestore]? {
        try await asked("what was restored") { opened in
            var found = [(time: Double, restore: RecordedRestore)]()
            for node in try await opened.ledger.nodes() {
                for event in try await opened.ledger.events(of: node) where event.header.kind == .restore {
                    guard let restore = event.decode(as: RecordedEvent<RecordedRestore>.self)?.detail,
                        let time = restore.started.flatMap({ Timestamp(rfc3339: $0) }).map(MomentArgument.seconds),
                        time >= from, time <= to
                    else { continue }
                    found.append((time, restore))
                }
            }
            let all = found.sorted { $0.time < $1.time }.map(\.restore)
            return all.filter { one in
                // What is taken back is recorded with the moment at which the restore began.
                one.outcome == "finished" && one.target != "scratch"
                    && !all.contains {
                        $0.outcome == "undone" && $0.started == one.started && $0.sources == one.sources
                    }
            }.map {
                DrilledRestore(
                    sources: $0.sources, target: $0.target, point: $0.point, position: $0.position,
                    started: $0.started ?? "")
            }
        }
    }

    /// Asks the repository that `CONFIG` leads to; nil, and a note, where that cannot be done.
    private func asked<Answer: Sendable>(
        _ what: String, _ body: (RecoveryAccess.Opened) async throws -> Answer
    ) async throws -> Answer? {
        guard let file = environment.variables["CONFIG"], FileManager.default.isReadableFile(atPath: file) else {
            return nil
        }
        do {
            let options = try GlobalOptions.parse(["--config", file, "--quiet"])
            return try await body(try await RecoveryAccess(context: context, options: options).open())
        } catch {
            try Task.checkCancellation()
            context.output.message("note: \(what) is not known: \(ErrorReport(error).message)")
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
