import Configuration
import DataSources
import Recovery
import Repository

/// `lifeboat restore --at`, `--at-position` and `--before-position`: plans, shows the plan, and carries it out as it is.
struct AnySecondRun {
    let command: RestoreCommand
    let context: CommandContext

    private var options: PointRestoreOptions { command.point }
    private var global: GlobalOptions { command.global }

    func run(_ opened: RecoveryAccess.Opened) async throws -> ExitStatus {
        let (databases, trees) = try sources(opened)
        if options.inPlace { return try await inPlace(try only(databases), opened) }
        var restores = [AnySecondRestore]()
        for source in databases { restores.append(try await restore(source, opened).0) }
        if command.dryRun {
            let files = try await files(trees, restores.map { ($0.plan, nil) }, opened).map {
                FilesReport(outcome: $0.outline)
            }
            try context.output.report(
                AnySecondReport(plans: restores.map { PlanReport($0.plan) }, files: files), global)
            return .done
        }
        if let folder = command.to { return try await toFolder(folder, restores, trees, opened) }
        _ = try only(databases)
        return try await scratch(restores[0], trees, opened)
    }

    /// Databases with a log, and trees that go with them: those named, or all there are.
    private func sources(
        _ opened: RecoveryAccess.Opened
    ) throws -> (databases: [ProtectedSource], trees: [ProtectedSource]) {
        let names = options.source.isEmpty ? opened.configuration.sources.map(\.name) : options.source
        let sources = try names.map { try opened.source($0) }
        for source in sources where [.redis, .sqlite].contains(source.kind) {
            let message = "\(source.name) has no log, so it is as its recovery points have it: restore it with --point"
            guard options.source.isEmpty else { throw CommandError(.invalidArgument, message, subject: source.name) }
            context.output.message("warning: \(message)")
        }
        return (
            sources.filter { [.mariadb, .postgresql].contains($0.kind) }, sources.filter { $0.kind == .files }
        )
    }

    private func only(_ databases: [ProtectedSource]) throws -> ProtectedSource {
        if databases.count == 1 { return databases[0] }
        throw CommandError(
            .invalidArgument, "name one database with --source", subject: "--source",
            hint: "files may be named beside it; --to restores several")
    }

    /// The snapshots of trees that belong to the databases: those of the latest of them.
    private func files(
        _ trees: [ProtectedSource], _ databases: [(plan: RestorePlan, replayed: Replayed?)],
        _ opened: RecoveryAccess.Opened
    ) async throws -> [FilesRestore] {
        guard !trees.isEmpty else { return [] }
        var time = databases.map { $0.plan.filesTime($0.replayed) }.max()
        if case .time(let asked) = target { time = asked }
        if time == nil, target == .end { time = MomentArgument.seconds(context.now()) }
        guard let time else {
            throw CommandError(
                .invalidArgument, "a position is one of a database, and none is named", subject: "--source",
                hint: "name the database too, or give --at with a time")
        }
        var restores = [FilesRestore]()
        for tree in trees { restores.append(try await FilesRestore(tree, at: time, in: opened.recovery)) }
        return restores
    }

    private var target: LogTarget { options.moment.target(now: context.now()) }

    /// Plans; a refusal is told with what can be reached instead.
    private func restore(
        _ source: ProtectedSource, _ opened: RecoveryAccess.Opened
    ) async throws -> (AnySecondRestore, AnySecond) {
        let known = try await AnySecond.read(source, in: opened.recovery)
        do {
            let plan = try known.planner.plan(target, timeline: options.moment.timeline)
            return (try known.restore(plan, in: opened.recovery), known)
        } catch {
            throw (error as? RestoreRefusal)?.error(target) ?? error
        }
    }

    private func inPlace(_ source: ProtectedSource, _ opened: RecoveryAccess.Opened) async throws -> ExitStatus {
        let (restore, known) = try await restore(source, opened)
        var rewind = known.rewind(restore.plan, asked: options.moment.asked)
        if options.withoutLastFlush { rewind.flushTimeout = nil }
        show(restore)
        return try await InPlaceRun(command: command, context: context).run(
            restore.entry, source, opened, rewind: rewind)
    }

    private func scratch(
        _ restore: AnySecondRestore, _ trees: [ProtectedSource], _ opened: RecoveryAccess.Opened
    ) async throws -> ExitStatus {
        show(restore)
        let recipient = try options.copy.recipient(opened)
        let copy = try await restore.scratch(
            for: recipient, phase: draw(restore.plan.source),
            trees: trees.isEmpty ? nil : { copy in try await fetch(trees, beside: copy, restore.plan, opened) })
        context.output.erase()
        return try await ScratchWait(copy: copy, context: context).show(
            ScratchReport(copy, restore.entry), global, options.run)
    }

    /// Fetches the trees that belong to the copy.
    private func fetch(
        _ trees: [ProtectedSource], beside copy: ScratchCopy, _ plan: RestorePlan, _ opened: RecoveryAccess.Opened
    ) async throws -> [FilesRestore.Outcome] {
        let rows = try await FileRows(asking: copy)
        var outcomes = [FilesRestore.Outcome]()
        for files in try await files(trees, [(plan, copy.replayed)], opened) {
            let database = TreeDatabase(source: plan.source, restored: plan.restored(copy))
            outcomes.append(try await fetch(files, copy.besideFolder, [rows].compactMap { $0 }, [database]))
        }
        return outcomes
    }

    private func toFolder(
        _ folder: String, _ restores: [AnySecondRestore], _ trees: [ProtectedSource], _ opened: RecoveryAccess.Opened
    ) async throws -> ExitStatus {
        var report = AnySecondFolderReport()
        var done = [(plan: RestorePlan, replayed: Replayed?)]()
        var rows = [FileRows]()
        var databases = [TreeDatabase]()
        for restore in restores {
            show(restore)
            let source = restore.plan.source
            // A server is only started on it when there is something to ask.
            let names = try opened.source(source).reconcile.map { [$0.files] } ?? []
            let asks = trees.contains { names.contains($0.name) }
            let restored = try await restore.toFolder(
                folder, phase: draw(source),
                asking: !asks ? nil : { copy in if let found = try await FileRows(asking: copy) { rows.append(found) } }
            )
            context.output.erase()
            done.append((restore.plan, restored.replayed))
            databases.append(TreeDatabase(source: source, restored: restored.restored))
            report.parts.append(
                .init(source: source, folder: "\(folder)/\(source)/data", replayed: restored.replayed))
            report.notApplied.append(restored.notApplied)
        }
        for files in try await files(trees, done, opened) {
            report.files.append(FilesReport(outcome: try await fetch(files, folder, rows, databases)))
        }
        try context.output.report(report, global)
        return .done
    }

    private func fetch(
        _ files: FilesRestore, _ folder: String, _ rows: [FileRows], _ databases: [TreeDatabase]
    ) async throws -> FilesRestore.Outcome {
        let own = rows.filter { $0.source == files.outline.source }
        let joined = own.first.map { first in
            var all = first
            for other in own.dropFirst() where other.root == first.root { all.paths.formUnion(other.paths) }
            return all
        }
        if !global.quiet, !global.json { context.output.draw("\(files.outline.source): restoring files") }
        let outcome = try await files.run(folder, rows: joined, beside: databases)
        context.output.erase()
        return outcome
    }

    private func show(_ restore: AnySecondRestore) {
        guard !global.quiet, !global.json else { return }
        for line in PlanReport(restore.plan).lines { context.output.message(line) }
    }

    private func draw(_ name: String) -> (PointRestore.Phase) -> Void {
        let (output, isQuiet) = (context.output, global.quiet || global.json)
        return { phase in if !isQuiet { output.draw("\(name): \(phase.words)") } }
    }
}

/// Plans of a dry run.
private struct AnySecondReport: Report {
    let plans: [PlanReport]
    let files: [FilesReport]

    var lines: [String] {
        plans.flatMap(\.lines) + files.flatMap(\.lines) + ["nothing was changed, since this was a dry run"]
    }
}

/// What was restored into a folder.
private struct AnySecondFolderReport: Report {
    struct Part: Encodable {
        let source: String
        let folder: String
        let replayed: Replayed
    }

    var parts: [Part] = []
    var files: [FilesReport] = []
    var notApplied: [ErasuresNotApplied] = []

    enum CodingKeys: String, CodingKey {
        case parts, files
        case notApplied = "erasures_not_applied"
    }

    var lines: [String] {
        parts.flatMap { part in
            ["\(part.source) is restored in \(part.folder)"] + ReplayedText.lines(part.replayed).map { "  \($0)" }
        } + notApplied.map(\.line) + files.flatMap(\.lines)
    }
}
