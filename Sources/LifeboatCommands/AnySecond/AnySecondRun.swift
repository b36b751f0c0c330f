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
        let names = options.source.isEmpty ? opened.configuration.sources.map(\.name) : options.source
        let sources = try names.map { try opened.source($0) }.filter { source in
            !options.source.isEmpty || [.mariadb, .postgresql].contains(source.kind)
        }
        if options.inPlace { return try await inPlace(sources[0], opened) }
        var restores = [AnySecondRestore]()
        for source in sources { restores.append(try await restore(source, opened).0) }
        if command.dryRun {
            try context.output.report(AnySecondReport(plans: restores.map { PlanReport($0.plan) }), global)
            return .done
        }
        if let folder = command.to { return try await toFolder(folder, restores) }
        return try await scratch(restores[0], opened)
    }

    private var target: LogTarget {
        if let position = options.atPosition { return .through(position) }
        if let position = options.beforePosition { return .before(position) }
        return (options.at ?? .now).target(now: context.now())
    }

    /// Plans; a refusal is told with what can be reached instead.
    private func restore(
        _ source: ProtectedSource, _ opened: RecoveryAccess.Opened
    ) async throws -> (AnySecondRestore, AnySecond) {
        let known = try await AnySecond.read(source, in: opened.recovery)
        do {
            let plan = try known.planner.plan(target, timeline: options.timeline)
            return (try known.restore(plan, in: opened.recovery), known)
        } catch {
            throw (error as? RestoreRefusal)?.error(target) ?? error
        }
    }

    private func inPlace(_ source: ProtectedSource, _ opened: RecoveryAccess.Opened) async throws -> ExitStatus {
        let (restore, known) = try await restore(source, opened)
        var rewind = known.rewind(restore.plan, asked: options.askedMoment)
        if options.withoutLastFlush { rewind.flushTimeout = nil }
        show(restore)
        return try await InPlaceRun(command: command, context: context).run(
            restore.entry, source, opened, rewind: rewind)
    }

    private func scratch(_ restore: AnySecondRestore, _ opened: RecoveryAccess.Opened) async throws -> ExitStatus {
        show(restore)
        let copy = try await restore.scratch(
            for: try options.recipient(opened), phase: draw(restore.plan.source))
        context.output.erase()
        do {
            try context.output.report(ScratchReport(copy, restore.entry), global)
            try context.output.flush()
            let status = try await ScratchWait(copy: copy, context: context).wait(for: options.run)
            try await copy.end()
            return status
        } catch {
            try? await copy.end()  // what went wrong before matters more
            throw error
        }
    }

    private func toFolder(_ folder: String, _ restores: [AnySecondRestore]) async throws -> ExitStatus {
        var done = [AnySecondFolderReport.Part]()
        for restore in restores {
            show(restore)
            let replayed = try await restore.toFolder(folder, phase: draw(restore.plan.source))
            context.output.erase()
            let source = restore.plan.source
            done.append(.init(source: source, folder: "\(folder)/\(source)/data", replayed: replayed))
        }
        try context.output.report(AnySecondFolderReport(parts: done), global)
        return .done
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

    var lines: [String] { plans.flatMap(\.lines) + ["nothing was changed, since this was a dry run"] }
}

/// What was restored into a folder.
private struct AnySecondFolderReport: Report {
    struct Part: Encodable {
        let source: String
        let folder: String
        let replayed: Replayed
    }

    let parts: [Part]

    var lines: [String] {
        parts.flatMap { part in
            ["\(part.source) is restored in \(part.folder)"] + ReplayedText.lines(part.replayed).map { "  \($0)" }
        }
    }
}
