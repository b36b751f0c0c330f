import Configuration
import DataSources
import Recovery
import Repository
import Synchronization

/// `lifeboat restore … --in-place` with several sources: shows what would be done, asks once, and does it source by source, those
/// first that come first.
struct ServiceInPlaceRun {
    /// One source, and what it is restored from.
    struct Member {
        let source: ProtectedSource
        let entry: PointEntry
        var rewind: Rewind?
        /// Of a tree at a moment: how it was chosen.
        var files: FilesRestore?
    }

    let command: RestoreCommand
    let context: CommandContext

    private var options: PointRestoreOptions { command.point }
    private var global: GlobalOptions { command.global }

    // MARK: What is restored

    /// All sources from one point.
    func ofPoint(_ opened: RecoveryAccess.Opened) async throws -> ExitStatus {
        let sources = try opened.sources(options.source)
        let classed = restore(sources, "point \(options.point ?? "latest")", opened)
        let pending = try classed.pending()
        let entry = try await PointStore(opened.recovery.repository).find(
            pending?.resolved.point ?? options.point ?? "latest", having: options.source)
        var members = [Member]()
        for source in sources where pending?.done.contains(source.name) != true {
            let rewind = try await PointRestoreRun(command: command, context: context).rewind(entry, source, opened)
            members.append(Member(source: source, entry: entry, rewind: rewind))
        }
        return try await run(classed, members, .init(point: entry.point.id), pending, opened)
    }

    /// Databases from their logs, trees by the rule of `FilesAt`.
    func ofMoment(_ opened: RecoveryAccess.Opened) async throws -> ExitStatus {
        let sources = try opened.sources(options.source)
        let classed = restore(sources, options.moment.asked, opened)
        let pending = try classed.pending()
        var moment = AnySecondRun(command: command, context: context)
        // `-15m` is from when it was first said.
        if case .time = moment.target, let time = pending?.resolved.time { moment.target = .time(time) }
        var members = [Member]()
        let left = sources.filter { pending?.done.contains($0.name) != true }
        let (databases, trees) = try moment.parted(left)
        var plans = [RestorePlan]()
        for source in databases {
            let (restore, known) = try await moment.restore(source, opened)
            var rewind = known.rewind(restore.plan, asked: options.moment.asked)
            if options.withoutLastFlush { rewind.flushTimeout = nil }
            plans.append(restore.plan)
            members.append(Member(source: source, entry: restore.entry, rewind: rewind))
        }
        // Once the databases are done their plans are known no more: the moment is as it was when they were made.
        let time = pending?.resolved.time ?? plans.map { $0.filesTime() }.max()
        for (tree, files) in zip(trees, try await moment.files(trees, at: time, opened)) {
            if !global.quiet, !global.json {
                for line in FilesReport(outcome: files.outline).lines { context.output.message(line) }
            }
            members.append(Member(source: tree, entry: files.entry, files: files))
        }
        var resolved = ClassedRestore.Resolved(time: time)
        if case .time(let asked) = moment.target { resolved.time = asked }
        return try await run(classed, members, resolved, pending, opened)
    }

    private func restore(
        _ sources: [ProtectedSource], _ words: String, _ opened: RecoveryAccess.Opened
    ) -> ClassedRestore {
        ClassedRestore(
            RestoreOrder(sources),
            asked: .init(words: words, target: ClassedRestore.inPlace, sources: sources.map(\.name)),
            in: opened.recovery)
    }

    // MARK: Doing it

    private func run(
        _ classed: ClassedRestore, _ members: [Member], _ resolved: ClassedRestore.Resolved,
        _ pending: ClassedRestore.Pending?, _ opened: RecoveryAccess.Opened
    ) async throws -> ExitStatus {
        let members = Dictionary(members.map { ($0.source.name, $0) }) { first, _ in first }
        var report = ServiceInPlaceReport(asked: classed.asked, isDryRun: command.dryRun)
        let isSilent = global.quiet || global.json
        for step in classed.order.steps {
            guard let member = members[step.source] else { continue }
            let restore = inPlace(member, opened)
            let part = InPlaceReport(
                outline: try await restore.outline(), point: member.entry.point, isDryRun: command.dryRun,
                isRewind: member.rewind != nil)
            report.parts.append(part)
            if !isSilent, !command.dryRun {
                for line in ["\(step.source):"] + part.outlineLines.map({ "  " + $0 }) { context.output.message(line) }
            }
        }
        report.order = try await OrderReport(classed.order, done: pending?.done ?? []) { step in
            guard let member = members[step.source] else { return .zero }
            let bytes = member.entry.point.part(step.source)?.byteCount ?? 0
            return member.rewind?.plan.predicted ?? RestoreRates.usual(step.kind).duration(base: bytes)
        }
        if !command.dryRun {
            if !isSilent { for line in report.order?.lines ?? [] { context.output.message(line) } }
            try await InPlaceRun.confirm(
                opened.recovery.service, "service", command.point.confirm, context)
            report.times = try await carryOut(classed, members, resolved, opened, &report)
        }
        try context.output.report(report, global)
        return report.times?.hookFailures.isEmpty ?? true ? .done : .failed
    }

    private func carryOut(
        _ classed: ClassedRestore, _ members: [String: Member], _ resolved: ClassedRestore.Resolved,
        _ opened: RecoveryAccess.Opened, _ report: inout ServiceInPlaceReport
    ) async throws -> ClassedRestore.Outcome {
        var results = [String: InPlaceRestore.Result]()
        let rows = Mutex<[FileRows]>([])
        let files = Mutex<[FilesReport]>([])
        let outcome = try await classed.run(resolved) { step, id in
            guard let member = members[step.source] else { return }
            var restore = inPlace(member, opened)
            restore.service = id
            if asks(member, members) {
                restore.asking = { copy in
                    if let found = try await FileRows(asking: copy) { rows.withLock { $0.append(found) } }
                }
            }
            if let tree = member.files {
                if let own = FileRows.joined(rows.withLock { $0 }, of: step.source) {
                    restore.files = (tree, own, { found in files.withLock { $0.append(FilesReport(outcome: found)) } })
                } else if opened.configuration.sources.contains(where: { $0.reconcile?.files == step.source }) {
                    context.output.message(
                        "note: nobody asked the rows that name files of \(step.source); `lifeboat reconcile` tells which have none"
                    )
                }
            }
            results[step.source] = try await restore.run(confirmation: step.source)
        }
        for index in report.parts.indices {
            let result = results[report.parts[index].outline.source]
            report.parts[index].handover = result?.handover
            report.parts[index].erasedFiles = result?.erasedFiles ?? []
        }
        report.files = files.withLock { $0 }
        return outcome
    }

    /// Do rows of a database say which files a tree that comes with it must have?
    private func asks(_ member: Member, _ members: [String: Member]) -> Bool {
        member.source.reconcile.map { members[$0.files]?.files != nil } ?? false
    }

    private func inPlace(_ member: Member, _ opened: RecoveryAccess.Opened) -> InPlaceRestore {
        InPlaceRun.restore(
            member.entry, member.source, opened, rewind: member.rewind, isQuiet: global.quiet || global.json,
            context.output)
    }
}

/// What a restore of several sources in place did, or would do.
private struct ServiceInPlaceReport: Report {
    let asked: ClassedRestore.Asked
    let isDryRun: Bool
    var parts: [InPlaceReport] = []
    var order: OrderReport?
    var files: [FilesReport] = []
    var times: ClassedRestore.Outcome?

    enum CodingKeys: String, CodingKey {
        case asked, parts, order, files, times
        case isDryRun = "dry_run"
    }

    var lines: [String] {
        guard isDryRun else { return parts.flatMap(\.lines) + files.flatMap(\.lines) + (times?.lines ?? []) }
        return parts.flatMap { part in ["\(part.outline.source):"] + part.outlineLines.map { "  " + $0 } }
            + (order?.lines ?? []) + ["nothing was changed, since this was a dry run"]
    }
}
