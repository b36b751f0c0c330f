public import DataSources
import FoundationEssentials
import ObjectStore
public import Repository
import Trees

extension PointRestore {
    /// Restores sources to `folder/<source>/…`, those first that come first; what is there already is compared and kept as far as
    /// it serves. Database data is marked: erasures since the point are not applied to it. `words` are what was asked for.
    public func toFolder(
        _ order: RestoreOrder, words: String, folder: String, progress: RestoreProgress = RestoreProgress()
    ) async throws -> ClassedRestore.Outcome {
        let sources = order.steps.filter(\.patterns.isEmpty).map(\.source)
        let needed = try sources.reduce(0) { $0 + (try part($1).byteCount) }
        try await PointRestore.lane.run {
            try PointRestore.requireSpace(needed, at: folder, for: sources.joined(separator: ", "))
        }
        let asked = ClassedRestore.Asked(words: words, target: folder, sources: sources)
        return try await context.repository.locked(.shared, context.locks) { _ in
            try await ClassedRestore(order, asked: asked, in: context).run(.init(point: entry.point.id)) { step, _ in
                let part = try part(step.source)
                // A database's paths begin with its name already.
                let target = part.kind == .files ? folder + "/" + part.source : folder
                // What comes early is looked at once more with the rest, and counted then.
                let counted = step.patterns.isEmpty ? progress : RestoreProgress()
                try await fetch(part, to: target, verifies: true, patterns: step.patterns, progress: counted)
                if part.kind != .files { try await mark(folder + "/" + part.source) }
            }
        }
    }

    func mark(_ folder: String) async throws {
        let text = """
            Erasures not applied.

            These are the files of recovery point \(entry.point.id) (\(entry.point.started)) as they were stored. People who asked
            to be erased since then are still in them. Erase them again before the data is used, and remove it when it has served.

            """
        let path = folder + "/ERASURES-NOT-APPLIED.txt"
        try await PointRestore.lane.run { try Data(text.utf8).write(to: URL(filePath: path)) }
    }

    /// Loads a logical backup into a server that is there already, and is empty. Nothing is erased or masked there: where that is
    /// due it is refused.
    ///
    /// - Throws: `notConfigured` when the source cannot be loaded so; what the restorer says.
    public func load(
        _ source: ProtectedSource, into target: ServerTarget, for recipient: Handover.Recipient,
        phase: (Phase) -> Void = { _ in }
    ) async throws -> Handover.Record? {
        let part = try part(source.name)
        guard part.reading?.method == "logical" else {
            throw RecoveryError(
                .notConfigured,
                "only logical backups can be loaded into a server that is running; \(source.name) was read as \(part.reading?.method ?? "nothing")",
                subject: "point \(entry.point.id)",
                hint: "--into scratch starts a private server on it; --in-place exchanges the data folder")
        }
        let started = context.now().rfc3339
        let handover = try await Handover(in: context).refuseUnlessNothing(
            for: source, restored: moment(of: part), recipient: recipient)
        let workspace = try Workspace.scratch(in: context, source: source)
        do {
            try await context.repository.locked(.shared, context.locks) { _ in
                phase(.fetch)
                try await fetch(part, to: workspace.files)
                phase(.build)
                try await context.factory.restorer(source, context.environment).load(
                    files: workspace.files + "/" + source.name, into: target)
            }
        } catch {
            await workspace.removeAll()
            throw error
        }
        await workspace.removeAll()
        var event = RestoreEvent(
            point: entry.point.id, sources: [source.name], target: "\(target.host):\(target.port)",
            outcome: "finished", started: started)
        event.handover = handover
        try await context.recorder.record("restore", event)
        return handover
    }
}
