import DataSources
import ObjectStore
import Recovery
import Repository
import Sealing
import Synchronization

/// `lifeboat backup PLAN`: a recovery point of all sources of a plan.
struct PlanBackup {
    let command: BackupCommand
    let context: CommandContext

    func run(_ name: String) async throws -> ExitStatus {
        let (global, options) = (command.global, command.plan)
        var access = RecoveryAccess(context: context, options: global)
        access.acceptsUntested = options.untested.acceptUntested
        var opened = try await access.open(plan: name)
        let plan = try opened.plan(name)
        for source in options.acceptShrunken { _ = try opened.source(source) }
        opened.recovery.acceptsShrunken = Set(options.acceptShrunken)
        let sources = try plan.sources.map { try opened.source($0) }
        if command.files.dryRun { return try await rehearse(plan, sources, opened.recovery) }
        let point = try await watching(global) { watch in
            try await PlanRun(plan, sources: sources, in: opened.recovery, watch: watch).run()
        }
        try context.output.report(PointReport(point: point), global)
        if !point.failed.isEmpty { return .failedSource }
        return point.isWhole ? .done : .incomplete
    }

    /// A dry run asks every source what stands in the way, and stores nothing.
    private func rehearse(_ plan: Plan, _ sources: [ProtectedSource], _ recovery: RecoveryContext) async throws
        -> ExitStatus
    {
        let report = await DoctorReport(sources, recovery.environment, .standard)
        try context.output.report(report, command.global)
        return report.hasProblems ? .failed : .done
    }

    private func watching<R>(
        _ global: GlobalOptions, _ body: (@escaping @Sendable (PlanRun.Step) -> Void) async throws -> R
    ) async throws -> R {
        let current = Mutex<(name: String, progress: ArchiveProgress)?>(nil)
        let output = context.output
        let isQuiet = global.quiet || global.json
        return try await context.withProgress(global) { elapsed in
            let (name, progress) = current.withLock { $0 } ?? ("backup", ArchiveProgress())
            return ProgressLine(
                title: name, byteCount: progress.byteCount, fileCount: progress.fileCount,
                failureCount: progress.failureCount, elapsed: elapsed)
        } _: {
            try await body { step in
                switch step {
                case .began(let source, _, let progress): current.withLock { $0 = (source, progress) }
                case .ended(let part): if !isQuiet { output.message(PointReport.line(part)) }
                }
            }
        }
    }
}

/// What a run of a plan made.
struct PointReport: Report {
    let point: RecoveryPoint

    func encode(to encoder: any Encoder) throws { try point.encode(to: encoder) }

    /// `app-db: 1.1 GiB in 142 files, 31.0 MiB stored, 3.1 s`.
    static func line(_ part: PointPart) -> String {
        switch part.outcome {
        case .failed:
            let failure = part.failure
            let hint = failure.map { $0.hint.isEmpty ? "" : "\n  hint: \($0.hint)" } ?? ""
            return "\(part.source): FAILED: \(failure?.message ?? "no reason given")\(hint)"
        case .skipped: return "\(part.source): not backed up, since it is a cache"
        case .complete, .incomplete:
            let missing =
                part.unreadableCount > 0 ? ", \(Units.count(part.unreadableCount, "thing")) could not be read" : ""
            return "\(part.source): \(Units.bytes(part.byteCount)) in \(Units.count(part.fileCount, "file")), "
                + "\(Units.bytes(part.addedByteCount)) stored, \(Units.decimal(part.seconds, 1)) s\(missing)"
                + (part.reading?.warnings ?? []).map { "\n  warning: \($0)" }.joined()
        }
    }

    var lines: [String] {
        let skew = point.skew.map { ", skew \(Units.decimal($0 / .seconds(1), 1)) s" } ?? ""
        let state =
            point.isWhole
            ? "whole"
            : point.failed.isEmpty
                ? "INCOMPLETE: some files could not be read"
                : "NOT WHOLE: " + point.failed.map(\.source).joined(separator: ", ") + " failed"
        return ["recovery point \(point.id) of plan \(point.plan): \(state)\(skew)"]
    }
}
