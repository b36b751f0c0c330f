import Recovery
import Sealing

/// `lifeboat restore --point … --in-place`: shows what would be done, asks, and does it.
struct InPlaceRun {
    let command: RestoreCommand
    let context: CommandContext

    func run(
        _ entry: PointEntry, _ source: ProtectedSource, _ opened: RecoveryAccess.Opened, rewind: Rewind? = nil
    ) async throws -> ExitStatus {
        let (global, output) = (command.global, context.output)
        let isQuiet = global.quiet || global.json
        let restore = InPlaceRun.restore(entry, source, opened, rewind: rewind, isQuiet: isQuiet, output)
        let outline = try await restore.outline()
        var report = InPlaceReport(
            outline: outline, point: entry.point, isDryRun: command.dryRun, isRewind: rewind != nil)
        if command.dryRun {
            try output.report(report, global)
            return .done
        }
        if !isQuiet { for line in report.outlineLines { output.message(line) } }
        try await InPlaceRun.confirm(source.name, "source", command.point.confirm, context)
        let result = try await restore.run(confirmation: source.name)
        report.handover = result.handover
        report.erasedFiles = result.erasedFiles
        try output.report(report, global)
        return .done
    }

    /// A restore that tells its steps.
    static func restore(
        _ entry: PointEntry, _ source: ProtectedSource, _ opened: RecoveryAccess.Opened, rewind: Rewind?, isQuiet: Bool,
        _ output: CommandOutput
    ) -> InPlaceRestore {
        let staysStopped = InPlaceRestore(entry, source: source, in: opened.recovery).staysStopped
        return InPlaceRestore(entry, source: source, in: opened.recovery, rewind: rewind) { step in
            let words = InPlaceRun.words(step, staysStopped: staysStopped)
            if !isQuiet { output.message("\(source.name): \(words)") }
        }
    }

    /// Goes on only where the name was typed out.
    static func confirm(_ name: String, _ what: String, _ given: String?, _ context: CommandContext) async throws {
        var typed = given
        if typed == nil {
            guard let answer = try await context.prompt?.ask("type the \(what)'s name to go on: ") else {
                throw CommandError(
                    .invalidArgument, "there is no terminal to ask whether this is meant", subject: name,
                    hint: "give --confirm \(name)")
            }
            typed = answer.withBytes { String(decoding: $0, as: UTF8.self) }
        }
        guard typed == name else {
            throw RecoveryError(
                .notConfirmed, "the name that was typed is not \(name)", subject: name, hint: "nothing was changed")
        }
    }

    private static func words(_ step: String, staysStopped: Bool) -> String {
        switch step {
        case "building": "making a copy beside what is live"
        case "history": "making it the beginning of a history of its own"
        case "flush":
            "waiting until the journal has what the live server wrote last, at most \(Rewind.usualFlushTimeout.components.seconds) s"
        case "timeline": "the new timeline is recorded"
        case "verified": "the copy is sound; stopping the service"
        case "stopped": "the service is stopped; exchanging"
        case "exchanged": staysStopped ? "exchanged" : "exchanged; starting the service"
        case "finished": staysStopped ? "done; nothing was started" : "the service is started"
        default: PointRestore.Phase(rawValue: step)?.words ?? step
        }
    }
}

/// What a restore in place did, or would do.
struct InPlaceReport: Report {
    let outline: InPlaceRestore.Outline
    let point: RecoveryPoint
    let isDryRun: Bool
    let isRewind: Bool
    var handover: Handover.Record?
    var erasedFiles: [ErasedFiles] = []

    enum CodingKeys: String, CodingKey {
        case outline, handover
        case erasedFiles = "erased_files"
        case isDryRun = "dry_run"
        case isRewind = "base_due"
    }

    var outlineLines: [String] {
        var lines = [
            "point \(point.id.prefix(8)) of \(Units.milliseconds(point.started)), \(Units.bytes(outline.byteCount))",
            "in the place of \(outline.paths.joined(separator: ", "))",
            "stop:  \(outline.stop ?? "(nothing is configured)")",
            "start: \(outline.start ?? "(nothing is configured)")",
            outline.holders.isEmpty
                ? "nobody has files open there now" : "in use now by \(outline.holders.joined(separator: ", "))",
        ]
        if let file = outline.optionFile { lines.append("options: \(file) gets what the new history needs") }
        if let precaution = outline.precaution { lines.append("note:  \(precaution)") }
        if let step = outline.resumesAfter { lines.append("goes on after: \(step)") }
        return lines
    }

    var lines: [String] {
        if isDryRun { return outlineLines + ["nothing was changed, since this was a dry run"] }
        return [
            "\(outline.source) is restored in place from point \(point.id.prefix(8))"
                + (outline.precaution.map { "; \($0)" } ?? ""),
            "what was live is kept aside; `lifeboat restore --drop-aside --source \(outline.source)` removes it, `--undo` takes "
                + "everything back",
        ]
            + (handover?.lines ?? []) + erasedFiles.flatMap(\.lines)
            + (isRewind
                ? [
                    "a new timeline has begun: take a base of it now with `lifeboat backup \(point.plan)`, and rebuild every replica of this "
                        + "server, since they follow the history that was left"
                ] : [])
    }
}
