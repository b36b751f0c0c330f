import Configuration
import DataSources
import Recovery
import Repository

/// `lifeboat restore --at`, `--at-position` and `--before-position`: plans, shows the plan, and carries it out as it is.
struct AnySecondRun {
    let command: RestoreCommand
    let context: CommandContext

    /// Where replays end.
    var target: LogTarget

    init(command: RestoreCommand, context: CommandContext) {
        self.command = command
        self.context = context
        target = command.point.moment.target(now: context.now())
    }

    private var options: PointRestoreOptions { command.point }
    private var global: GlobalOptions { command.global }

    func run(_ opened: RecoveryAccess.Opened) async throws -> ExitStatus {
        if options.inPlace, options.source.count > 1 {
            return try await ServiceInPlaceRun(command: command, context: context).ofMoment(opened)
        }
        let names = options.source.isEmpty ? opened.configuration.sources.map(\.name) : options.source
        let (databases, trees) = try parted(try opened.sources(names))
        if options.inPlace { return try await inPlace(try only(databases), opened) }
        var restores = [AnySecondRestore]()
        for source in databases { restores.append(try await restore(source, opened).0) }
        if command.dryRun { return try await dryRun(restores, trees, opened) }
        if let folder = command.to { return try await toFolder(folder, restores, trees, opened) }
        _ = try only(databases)
        return try await scratch(restores[0], trees, opened)
    }

    private func dryRun(
        _ restores: [AnySecondRestore], _ trees: [ProtectedSource], _ opened: RecoveryAccess.Opened
    ) async throws -> ExitStatus {
        let files = try await files(trees, restores.map { ($0.plan, nil) }, opened)
        var report = AnySecondReport(
            plans: restores.map { PlanReport($0.plan) }, files: files.map { FilesReport(outcome: $0.outline) })
        if let folder = command.to {
            report.order = try await OrderReport(classed(restores, trees, folder, opened).order) { step in
                if let restore = restores.first(where: { $0.plan.source == step.source }) {
                    return restore.plan.predicted
                }
                guard let tree = files.first(where: { $0.outline.source == step.source }) else { return .zero }
                return try await predicted(step, tree.entry, opened)
            }
        }
        try context.output.report(report, global)
        return .done
    }

    private func predicted(
        _ step: RestoreOrder.Step, _ entry: PointEntry, _ opened: RecoveryAccess.Opened
    ) async throws -> Duration {
        try await OrderReport.predicted(step, PointRestore(entry, in: opened.recovery))
    }

    /// Databases with a log, and trees that go with them.
    func parted(_ sources: [ProtectedSource]) throws -> (databases: [ProtectedSource], trees: [ProtectedSource]) {
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
        try await files(trees, at: databases.map { $0.plan.filesTime($0.replayed) }.max(), opened)
    }

    /// The same where the latest is at `time`, seconds since 1970; nil without any.
    func files(
        _ trees: [ProtectedSource], at time: Double?, _ opened: RecoveryAccess.Opened
    ) async throws -> [FilesRestore] {
        guard !trees.isEmpty else { return [] }
        var time = time
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

    /// Plans; a refusal is told with what can be reached instead.
    func restore(
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
        for restore in restores { show(restore) }
        var report = AnySecondFolderReport()
        var done = restores.map { (plan: $0.plan, replayed: Replayed?.none) }
        var rows = [FileRows]()
        var databases = [TreeDatabase]()
        let classed = classed(restores, trees, folder, opened)
        report.times = try await classed.run(.init(time: nil)) { step, _ in
            if let index = restores.firstIndex(where: { $0.plan.source == step.source }) {
                let (restored, found) = try await database(restores[index], folder, trees, opened)
                done[index].replayed = restored.replayed
                databases.append(TreeDatabase(source: step.source, restored: restored.restored))
                if let found { rows.append(found) }
                report.parts.append(
                    .init(source: step.source, folder: "\(folder)/\(step.source)/data", replayed: restored.replayed))
                report.notApplied.append(restored.notApplied)
            } else if let tree = trees.first(where: { $0.name == step.source }) {
                guard let files = try await files([tree], done, opened).first else { return }
                if step.patterns.isEmpty {
                    report.files.append(FilesReport(outcome: try await fetch(files, folder, rows, databases)))
                } else {
                    try await files.runFirst(folder, patterns: step.patterns, beside: databases)
                }
            }
        }
        try context.output.report(report, global)
        return report.times?.hookFailures.isEmpty ?? true ? .done : .failed
    }

    private func classed(
        _ restores: [AnySecondRestore], _ trees: [ProtectedSource], _ folder: String, _ opened: RecoveryAccess.Opened
    ) -> ClassedRestore {
        let names = Set(restores.map(\.plan.source) + trees.map(\.name))
        let sources = opened.configuration.sources.filter { names.contains($0.name) }
        return ClassedRestore(
            RestoreOrder(splitting: sources),
            asked: .init(words: options.moment.asked, target: folder, sources: sources.map(\.name)),
            in: opened.recovery)
    }

    private func database(
        _ restore: AnySecondRestore, _ folder: String, _ trees: [ProtectedSource], _ opened: RecoveryAccess.Opened
    ) async throws -> (AnySecondRestore.InFolder, FileRows?) {
        var rows: FileRows?
        // A server is only started on it when there is something to ask.
        let names = try opened.source(restore.plan.source).reconcile.map { [$0.files] } ?? []
        let asks = trees.contains { names.contains($0.name) }
        let restored = try await restore.toFolder(
            folder, phase: draw(restore.plan.source),
            asking: !asks ? nil : { copy in rows = try await FileRows(asking: copy) })
        context.output.erase()
        return (restored, rows)
    }

    private func fetch(
        _ files: FilesRestore, _ folder: String, _ rows: [FileRows], _ databases: [TreeDatabase]
    ) async throws -> FilesRestore.Outcome {
        let joined = FileRows.joined(rows, of: files.outline.source)
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
    /// In which order several come; nil for one, and where a target takes but one.
    var order: OrderReport?

    var lines: [String] {
        plans.flatMap(\.lines) + files.flatMap(\.lines) + (order?.lines ?? []) + [
            "nothing was changed, since this was a dry run"
        ]
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
    var times: ClassedRestore.Outcome?

    enum CodingKeys: String, CodingKey {
        case parts, files, times
        case notApplied = "erasures_not_applied"
    }

    var lines: [String] {
        parts.flatMap { part in
            ["\(part.source) is restored in \(part.folder)"] + ReplayedText.lines(part.replayed).map { "  \($0)" }
        } + notApplied.map(\.line) + files.flatMap(\.lines) + (times?.lines ?? [])
    }
}
