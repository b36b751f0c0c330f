import DataSources
import FoundationEssentials
import ObjectStore
import Repository
import Trees

/// Restores a database to a moment between recovery points: carries out a plan as it is. Nothing here touches a live service.
public struct AnySecondRestore: Sendable {
    /// The plan.
    public let plan: RestorePlan
    let restore: PointRestore
    /// The point that it begins with.
    public var entry: PointEntry { restore.entry }
    let source: ProtectedSource
    let context: RecoveryContext
    /// What tells the histories of this source apart that there are; for one that begins another.
    var serverNames: [String] = []

    /// A restore of `source` by `plan`, whose base is of the point `entry`.
    public init(_ plan: RestorePlan, from entry: PointEntry, source: ProtectedSource, in context: RecoveryContext) {
        precondition(entry.point.id == plan.base.point, "the point is the one that the plan begins with")
        self.plan = plan
        restore = PointRestore(entry, in: context)
        self.source = source
        self.context = context
    }

    /// Restores into a folder of its own below the state folder, and starts a private server on it. `recipient` as for a point.
    ///
    /// - Throws: as `PointRestore.scratch`; `targetUnreachable`.
    ///
    /// `trees` is called with the copy once everybody is erased from it who must be: it fetches the file trees that belong to
    /// it, into `besideFolder`, and nobody has them before the copy is handed over.
    public func scratch(
        for recipient: Handover.Recipient? = nil, phase: (PointRestore.Phase) -> Void = { _ in },
        trees: ((ScratchCopy) async throws -> [FilesRestore.Outcome])? = nil
    ) async throws -> ScratchCopy {
        _ = try restore.part(source.name)
        _ = try LogForward.replayer(context.factory.restorer(source, context.environment), source.name)
        let started = context.now().rfc3339
        if let recipient { try await Handover(in: context).check(source, for: recipient) }
        let copy = try await copy(into: .scratch(in: context, source: source), phase: phase)
        return try await restore.handOver(
            copy, for: recipient, restored: plan.restored(copy), timeline: plan.timeline, started: started,
            phase: phase, trees: trees)
    }

    /// Restores into a workspace. Without `starts` no server runs on it afterwards.
    func copy(
        into workspace: Workspace, starts: Bool = true, phase: (PointRestore.Phase) -> Void
    ) async throws -> ScratchCopy {
        let forward = LogForward(plan: plan, context: context, serverNames: serverNames)
        return try await restore.copy(source, into: workspace, starts: starts, phase: phase) { restorer in
            try await forward.run(restorer, in: workspace, phase: phase).map { stop, report in
                Replayed(stop: stop, report: report)
            } ?? Replayed(stop: nil, report: nil)
        }
    }

    /// Restores to `folder/<source>/data`, ready to be started by hand. It is marked: erasures are not applied to it. `asking`
    /// gets to ask a private server on it, which is stopped again.
    ///
    /// Gives where it stands too, and how many erasures are due.
    ///
    /// - Throws: `targetUnusable` when there is something already.
    public func toFolder(
        _ folder: String, phase: (PointRestore.Phase) -> Void = { _ in },
        asking: ((ScratchCopy) async throws -> Void)? = nil
    ) async throws -> InFolder {
        let own = folder + "/" + source.name
        let data = own + "/data"
        guard !Exchange.exists(data) else {
            throw RecoveryError(
                .targetUnusable, "there is something already", subject: data, hint: "name another folder, or remove it")
        }
        let started = context.now().rfc3339
        // The engine's tools run as its own account and must be able to pass.
        try await PointRestore.lane.run {
            try FileManager.default.createDirectory(
                atPath: own, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o711])
        }
        try await restore.mark(own, nil)
        let workspace = try Workspace.beside(own, new: data, temporaryFolder: context.environment.temporaryFolder)
        let copy = try await context.repository.locked(.shared, context.locks) { _ in
            try await self.copy(into: workspace, starts: asking != nil, phase: phase)
        }
        if let asking { try await asked(copy, asking) }
        await workspace.removeFiles()
        let restored = plan.restored(copy)
        let left = await Handover(in: context).notApplied(to: source.name, restored)
        try await restore.mark(own, left)
        var event = RestoreEvent(
            point: plan.base.point, sources: [source.name], target: "folder", outcome: "finished", started: started,
            timeline: plan.timeline, position: copy.position)
        event.notApplied = [left]
        try await context.recorder.record("restore", event)
        return InFolder(
            replayed: copy.replayed ?? Replayed(stop: nil, report: nil), restored: restored, notApplied: left)
    }

    /// A database in a folder.
    public struct InFolder: Sendable {
        /// How it was brought forward.
        public let replayed: Replayed
        /// Where it stands.
        public let restored: RestoredMoment
        /// Erasures that were not applied to it.
        public let notApplied: ErasuresNotApplied
    }

    private func asked(_ copy: ScratchCopy, _ asking: (ScratchCopy) async throws -> Void) async throws {
        do {
            try await asking(copy)
        } catch {
            try? await copy.end()  // what went wrong before matters more
            throw error
        }
        try await copy.server?.stop()
    }
}

extension RestorePlan {
    /// Where a copy stands that was made by this plan.
    public func restored(_ copy: ScratchCopy) -> RestoredMoment {
        let time = copy.replayed?.stop?.lastTime ?? base.time
        return RestoredMoment(
            kind: kind, position: copy.position ?? base.position,
            time: Timestamp(seconds: Int64(time.rounded(.down)), nanoseconds: 0), timeline: timeline)
    }
}
