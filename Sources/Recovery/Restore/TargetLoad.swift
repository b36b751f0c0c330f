public import DataSources
import Repository
import Trees

extension PointRestore {
    /// Loads a logical backup into a server that is there already, and is empty; then erases, masks, scans and begins epochs on
    /// it. It is not handed over before all of that is done: a failure says what is on the server then, and nothing is dropped,
    /// since the server is not ours.
    ///
    /// - Throws: `notConfigured` when the source cannot be loaded so, `notHandedOver` when something was loaded and then failed;
    ///   what the restorer says when nothing was.
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
        try await Handover(in: context).check(source, for: recipient)
        let workspace = try Workspace.scratch(in: context, source: source)
        var event = RestoreEvent(
            point: entry.point.id, sources: [source.name], target: "\(target.host):\(target.port)",
            outcome: "finished", started: started)
        do {
            phase(.fetch)
            _ = try await context.repository.locked(.shared, context.locks) { _ in
                try await fetch(part, to: workspace.files)
            }
            event.handover = try await load(part, source, workspace.files, target, recipient, event, phase)
        } catch {
            await workspace.removeAll()
            throw error
        }
        await workspace.removeAll()
        try await context.recorder.record("restore", event)
        return event.handover
    }

    private func load(
        _ part: PointPart, _ source: ProtectedSource, _ folder: String, _ target: ServerTarget,
        _ recipient: Handover.Recipient, _ event: RestoreEvent, _ phase: (Phase) -> Void
    ) async throws -> Handover.Record? {
        let restorer = context.factory.restorer(source, context.environment)
        let files = folder + "/" + source.name
        let server = try await restorer.connect(to: target, files: files)
        let before = try await server.contents()
        do {
            phase(.build)
            try await restorer.load(files: files, into: target)
            phase(.handover)
            let record = try await Handover(in: context).run(
                on: server, source: source, restored: moment(of: part), for: recipient)
            if record.erasedCount > 0 || record.mask != nil, try await server.keepsLog() {
                context.alarm(
                    "\(event.target) keeps a log of its own: what was erased or masked stands in it as it was loaded")
            }
            return record
        } catch {
            throw await told(error, before, server, event)
        }
    }

    /// A failure, with what it left on the server. Asked for by a task of its own, since ours may be cancelled.
    private func told(
        _ error: any Error, _ before: [String], _ server: TargetServer, _ event: RestoreEvent
    ) async -> any Error {
        let after = await Task { try? await server.contents() }.value
        let loaded = after.map { $0.filter { !before.contains($0) } }
        if loaded == [] { return error }
        var event = event
        event.outcome = "failed"
        // What went wrong before matters more than an event about it.
        await Task { [event] in try? await context.recorder.record("restore", event) }.value
        let what = "\(event.target) holds what was loaded, which is not handed over"
        let remedy =
            loaded.map { "empty it, then run it again: " + $0.map { "\($0);" }.joined(separator: " ") }
            ?? "what is there cannot be told, since the server does not answer; look before anybody uses it"
        if error is CancellationError {
            context.alarm("\(what); \(remedy)")
            return error
        }
        return RecoveryError(
            .notHandedOver, "\(PointPart.Failure(error).message); \(what)", subject: event.target, hint: remedy,
            cause: error)
    }
}
