import Configuration
import DataSources
import Recovery
import Repository
import Sealing

/// `lifeboat restore --point`, `--undo` and `--drop-aside`.
struct PointRestoreRun {
    let command: RestoreCommand
    let context: CommandContext

    private var options: PointRestoreOptions { command.point }
    private var global: GlobalOptions { command.global }

    func run() async throws -> ExitStatus {
        var access = RecoveryAccess(context: context, options: global)
        access.acceptsUntested = options.untested.acceptUntested
        let opened = try await access.open()
        if options.undo || options.dropAside { return try await afterwards(opened) }
        if options.hasMoment { return try await AnySecondRun(command: command, context: context).run(opened) }
        if options.inPlace, options.source.count > 1 {
            return try await ServiceInPlaceRun(command: command, context: context).ofPoint(opened)
        }
        let entry = try await PointStore(opened.recovery.repository).find(
            options.point ?? "latest", having: options.source)
        warnOfNewer(entry, try await PointStore(opened.recovery.repository).list())
        if let folder = command.to { return try await toFolder(folder, entry, opened) }
        let source = try opened.source(options.source[0])
        if options.inPlace {
            if let rewind = try await rewind(entry, source, opened) {
                return try await InPlaceRun(command: command, context: context).run(
                    entry, source, opened, rewind: rewind)
            }
            return try await InPlaceRun(command: command, context: context).run(entry, source, opened)
        }
        if options.into == "scratch" { return try await scratch(entry, source, opened) }
        return try await load(entry, source, opened)
    }

    /// `latest` passes over points that lack what was asked for, and says so.
    private func warnOfNewer(_ entry: PointEntry, _ list: PointList) {
        guard options.point == "latest" else { return }
        let newer = list.entries.filter { $0.point.plan == entry.point.plan && $0.point.started > entry.point.started }
        guard let last = newer.last else { return }
        context.output.message(
            "warning: point \(last.point.id.prefix(8)) of \(Units.localTime(last.point.moment)) is newer, and is "
                + "\(PointRow(last).stateText); taking \(entry.point.id.prefix(8)) of \(Units.localTime(entry.point.moment))"
        )
    }

    /// What makes the restore of a point in place a rewind: with a journal it begins another history.
    func rewind(
        _ entry: PointEntry, _ source: ProtectedSource, _ opened: RecoveryAccess.Opened
    ) async throws -> Rewind? {
        guard [.mariadb, .postgresql].contains(source.kind) else { return nil }
        let known = try await AnySecond.read(source, in: opened.recovery)
        guard !known.coverages.isEmpty else { return nil }
        let target = known.target(of: entry)
        do {
            guard let plan = try known.plan(for: entry) else {
                throw Self.placeless(entry, source)
            }
            var rewind = known.rewind(plan, asked: "point \(entry.point.id)")
            if options.withoutLastFlush { rewind.flushTimeout = nil }
            return rewind
        } catch {
            throw (error as? RestoreRefusal)?.error(target) ?? error
        }
    }

    /// Why a copy cannot begin another history.
    private static func placeless(_ entry: PointEntry, _ source: ProtectedSource) -> RecoveryError {
        let isPhysical = entry.point.part(source.name)?.reading?.method == "physical"
        guard isPhysical, source.kind == .mariadb else {
            return RecoveryError(
                .notConfigured,
                "only a physical copy can take the place of a database whose journal runs, since only such a one says where its history goes on",
                subject: source.name,
                hint: "choose a point that was read with `method: physical`, or restore --into scratch")
        }
        return RecoveryError(
            .notConfigured,
            "this copy does not say where its history goes on: when it was taken, the server wrote no binary log",
            subject: source.name,
            hint:
                "choose a point that was taken since `log_bin` is set, or restore --to DIR and put the data folder in place yourself"
        )
    }

    // MARK: Targets

    private func toFolder(
        _ folder: String, _ entry: PointEntry, _ opened: RecoveryAccess.Opened
    ) async throws -> ExitStatus {
        let restore = PointRestore(entry, in: opened.recovery)
        let names =
            options.source.isEmpty ? entry.point.parts.filter { $0.snapshot != nil }.map(\.source) : options.source
        let parts = try names.map { try restore.part($0) }
        let order = RestoreOrder(Self.steps(parts, opened))
        var report = PointRestoreReport(entry, names, target: folder, isDryRun: command.dryRun)
        if command.dryRun {
            report.order = try await OrderReport(order) { try await OrderReport.predicted($0, restore) }
        }
        if !command.dryRun {
            let progress = RestoreProgress()
            let total = parts.reduce(0) { $0 + $1.byteCount }
            let restored = try await context.withProgress(global) { elapsed in
                let result = progress.result
                return ProgressLine(
                    title: "restore", byteCount: result.byteCount, totalByteCount: total, fileCount: result.fileCount,
                    failureCount: result.failureCount, elapsed: elapsed)
            } _: {
                try await restore.toFolder(
                    order, words: "point \(options.point ?? "latest")", folder: folder, progress: progress)
            }
            report.erasedFiles = restored.erasedFiles
            report.notApplied = restored.notApplied
            report.times = restored.times
        }
        try context.output.report(report, global)
        return report.times?.hookFailures.isEmpty ?? true ? .done : .failed
    }

    /// The sources of a point in the order of the configuration; one that it no longer has comes last.
    private static func steps(_ parts: [PointPart], _ opened: RecoveryAccess.Opened) -> [RestoreOrder.Step] {
        let known = opened.configuration.sources.filter { source in
            parts.contains { $0.source == source.name && $0.kind == source.kind }
        }
        let gone = parts.filter { part in !known.contains { $0.name == part.source } }
        return known.flatMap(RestoreOrder.steps(of:)) + gone.map { .init(source: $0.source, kind: $0.kind) }
    }

    private func scratch(
        _ entry: PointEntry, _ source: ProtectedSource, _ opened: RecoveryAccess.Opened
    ) async throws -> ExitStatus {
        let report = PointRestoreReport(entry, [source.name], target: "scratch", isDryRun: command.dryRun)
        if command.dryRun {
            _ = try PointRestore(entry, in: opened.recovery).part(source.name)
            try context.output.report(report, global)
            return .done
        }
        let copy = try await PointRestore(entry, in: opened.recovery).scratch(
            source, for: try options.copy.recipient(opened), phase: draw(source.name))
        context.output.erase()
        return try await ScratchWait(copy: copy, context: context).show(ScratchReport(copy, entry), global, options.run)
    }

    private func load(
        _ entry: PointEntry, _ source: ProtectedSource, _ opened: RecoveryAccess.Opened
    ) async throws -> ExitStatus {
        guard let address = ServerAddressText(options.into ?? "") else { return .usage }
        var report = PointRestoreReport(entry, [source.name], target: options.into ?? "", isDryRun: command.dryRun)
        if !command.dryRun {
            let file = options.targetPasswordFile
            let target = ServerTarget(
                host: address.host, port: address.port, user: options.targetUser ?? "root",
                password: file.map { file in { @Sendable in try PasswordFile.read(file) } })
            report.handover = try await PointRestore(entry, in: opened.recovery).load(
                source, into: target, for: try options.copy.recipient(opened), phase: draw(source.name))
            context.output.erase()
        }
        try context.output.report(report, global)
        return .done
    }

    private func draw(_ name: String) -> (PointRestore.Phase) -> Void {
        let (output, isQuiet) = (context.output, global.quiet || global.json)
        return { phase in if !isQuiet { output.draw("\(name): \(phase.words)") } }
    }

    // MARK: After a restore in place

    private func afterwards(_ opened: RecoveryAccess.Opened) async throws -> ExitStatus {
        let source = try opened.source(options.source[0])
        let undo = InPlaceUndo(source: source, in: opened.recovery)
        let reopened = try undo.reopened()
        if command.dryRun {
            try context.output.report(
                InPlaceAfterReport(
                    source: source.name, isUndo: options.undo, paths: [], reopened: reopened, isDryRun: true),
                global)
            return .done
        }
        let paths = options.undo ? try await undo.undo() : try await undo.dropAside()
        try context.output.report(
            InPlaceAfterReport(
                source: source.name, isUndo: options.undo, paths: paths, reopened: reopened, isDryRun: false), global)
        return .done
    }
}

/// What was restored from a point, or would be.
struct PointRestoreReport: Report {
    let point: String
    let sources: [String]
    let target: String
    let dryRun: Bool
    let byteCount: UInt64
    var handover: Handover.Record?
    var erasedFiles: [ErasedFiles] = []
    var notApplied: [ErasuresNotApplied] = []
    /// In which order several sources come; nil for one.
    var order: OrderReport?
    var times: ClassedRestore.Outcome?
    private let time: String

    enum CodingKeys: String, CodingKey {
        case point, sources, target, handover, order, times
        case erasedFiles = "erased_files"
        case notApplied = "erasures_not_applied"
        case dryRun = "dry_run"
        case byteCount = "byte_count"
        case time
    }

    init(_ entry: PointEntry, _ sources: [String], target: String, isDryRun: Bool) {
        point = entry.point.id
        self.sources = sources
        self.target = target
        dryRun = isDryRun
        byteCount = sources.compactMap { entry.point.part($0)?.byteCount }.reduce(0, +)
        time = entry.point.started
    }

    var lines: [String] {
        let verb = dryRun ? "would restore" : "restored"
        return [
            "\(verb) \(sources.joined(separator: ", ")) of point \(point.prefix(8)) (\(Units.milliseconds(time))) to \(target): \(Units.bytes(byteCount))"
        ] + (dryRun ? order?.lines ?? [] : []) + (times?.lines ?? []) + (handover?.lines ?? [])
            + erasedFiles.flatMap(\.lines) + notApplied.map(\.line)
    }
}

/// How to reach a scratch copy.
struct ScratchReport: Report {
    let point: String
    let source: String
    let folder: String
    let processID: Int32?
    let howToConnect: [String]
    let replayed: Replayed?
    let handover: Handover.Record?
    /// Trees that belong to it.
    var files: [FilesReport] = []

    enum CodingKeys: String, CodingKey {
        case point, source, folder, replayed, handover, files
        case processID = "process_id"
        case howToConnect = "how_to_connect"
    }

    init(_ copy: ScratchCopy, _ entry: PointEntry) {
        point = entry.point.id
        source = copy.source.name
        folder = copy.folder
        processID = copy.server?.processID
        howToConnect = copy.server?.howToConnect ?? []
        replayed = copy.replayed
        handover = copy.handover
        files = copy.trees.map { FilesReport(outcome: $0) }
    }

    var lines: [String] {
        ["\(source) of point \(point.prefix(8)) is restored in \(folder)"]
            + (replayed.map(ReplayedText.lines) ?? []).map { "  \($0)" }
            + (handover?.lines ?? []).map { "  \($0)" } + howToConnect.map { "  \($0)" } + files.flatMap(\.lines)
    }
}

/// What an undo or an acceptance did.
private struct InPlaceAfterReport: Report {
    let source: String
    let isUndo: Bool
    let paths: [String]
    let reopened: String?
    let isDryRun: Bool

    var lines: [String] {
        let since =
            reopened.map { "; what was accepted since \(Units.milliseconds($0)) is in the copy that was restored" }
            ?? ""
        if isDryRun {
            return [isUndo ? "would put back what was live before\(since)" : "would remove what was set aside"]
        }
        if isUndo {
            return ["\(source): what was live before is live again\(since)"]
                + paths.map { "  the restored copy is in \($0)" }
        }
        return ["\(source): accepted"] + paths.map { "  removed \($0)" }
    }
}
