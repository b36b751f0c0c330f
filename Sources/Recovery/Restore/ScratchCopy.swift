public import DataSources
import ObjectStore
import Repository
import Trees

/// A source brought back into folders of its own, with a private server on it where the kind has one.
public struct ScratchCopy: Sendable {
    /// The source.
    public let source: ProtectedSource
    /// The part it came from.
    public let part: PointPart
    /// The server; nil for file trees.
    public let server: (any ScratchServer)?
    /// The folder with what was restored.
    public let folder: String
    /// What the engine's checks of the files said, before the server was started.
    public let fileChecks: [CheckOutcome]
    /// How it was brought forward by a log; nil when it is as the point has it.
    public var replayed: Replayed?
    /// What was done before it was handed over; nil when it was not.
    public var handover: Handover.Record?
    /// File trees that were restored with it, into `besideFolder`.
    public var trees: [FilesRestore.Outcome] = []
    let workspace: Workspace

    /// Where it stands, in the engine's own words; nil where only its part says so.
    public var position: String? { replayed?.report?.position ?? replayed?.stop?.position }

    /// A folder beside, for files that belong to it; goes with the rest.
    public var besideFolder: String { workspace.base + "/beside" }

    /// Stops the server and removes everything.
    public func end() async throws {
        let result: Result<Void, any Error>
        do {
            try await server?.stop()
            result = .success(())
        } catch {
            result = .failure(error)
        }
        await workspace.removeAll()
        try result.get()
    }
}

extension PointRestore {
    /// What a scratch copy tells while it is made; called from any thread.
    public enum Phase: String, Sendable, Codable, CaseIterable {
        /// The snapshot is being restored.
        case fetch
        /// The engine checks the files.
        case checkFiles = "check_files"
        /// The data is being prepared, or loaded.
        case build
        /// The log is being fetched.
        case log
        /// The place in it where the replay ends is looked for.
        case locate
        /// It is being replayed.
        case replay
        /// A private server is being started.
        case start
        /// Erasures, masks and epochs.
        case handover
        /// The engine checks what it serves.
        case check
        /// Tables are compared with the pins.
        case pins
        /// Assertions are asked.
        case assertions
    }

    /// Brings a source back into a workspace, and starts a private server on it. Whatever fails, nothing is left behind.
    ///
    /// `forward` may change the data folder before; without `starts` no server is started.
    func copy(
        _ source: ProtectedSource, into workspace: Workspace, starts: Bool = true, phase: (Phase) -> Void,
        forward: (any SourceRestorer) async throws -> Replayed? = { _ in nil }
    ) async throws -> ScratchCopy {
        let part = try part(source.name)
        do {
            phase(.fetch)
            try await requireSpace(for: part, source, in: workspace)
            try await fetch(part, to: workspace.files, verifies: source.kind == .files)
            guard source.kind != .files else {
                return ScratchCopy(
                    source: source, part: part, server: nil, folder: workspace.files, fileChecks: [],
                    workspace: workspace)
            }
            var environment = context.environment
            environment.isDurable = workspace.base.isEmpty
            let restorer = context.factory.restorer(source, environment)
            let files = workspace.files + "/" + source.name
            phase(.checkFiles)
            let checks = try await restorer.checkFiles(files)
            try PointRestore.refuseUnsound(checks, source.name)
            phase(.build)
            try await restorer.build(files: files, data: workspace.data, run: workspace.run)
            let replayed = try await forward(restorer)
            if starts { phase(.start) }
            let server = starts ? try await restorer.start(data: workspace.data, run: workspace.run) : nil
            return ScratchCopy(
                source: source, part: part, server: server, folder: workspace.data, fileChecks: checks,
                replayed: replayed, workspace: workspace)
        } catch {
            let full = await PointRestore.lane.run { FullDisk.error(behind: error, at: workspace) }
            await workspace.removeAll()
            throw full ?? error
        }
    }

    /// What a server makes for itself, besides its data, before it answers: MariaDB a redo log of 96 MiB and its own tables,
    /// PostgreSQL segments of its log. Dumps become indexed tables, which are larger.
    private func requireSpace(for part: PointPart, _ source: ProtectedSource, in workspace: Workspace) async throws {
        let own: UInt64 = source.kind == .mariadb ? 144 << 20 : source.kind == .postgresql ? 64 << 20 : 0
        let times: UInt64 = part.reading?.method == "logical" ? 3 : 1
        let needed = part.byteCount * times + own
        let place = workspace.base.isEmpty ? workspace.data : workspace.base
        try await PointRestore.lane.run { try PointRestore.requireSpace(needed, at: place, for: source.name) }
    }

    /// Brings a source back into a folder of its own below the state folder, and starts a private server on it.
    ///
    /// With a `recipient` it is for somebody: erasures are replayed on it, it is masked, and the ledger gets an event. Without one
    /// nobody but this program may see it.
    ///
    /// - Throws: as `Handover`: then nothing is left.
    public func scratch(
        _ source: ProtectedSource, for recipient: Handover.Recipient? = nil, phase: (Phase) -> Void = { _ in }
    ) async throws -> ScratchCopy {
        _ = try part(source.name)
        let started = context.now().rfc3339
        if let recipient { try await Handover(in: context).check(source, for: recipient) }
        let copy = try await copy(source, into: .scratch(in: context, source: source), phase: phase)
        return try await handOver(copy, for: recipient, restored: nil, started: started, phase: phase)
    }

    /// Does what stands between a copy and its user, and records the restore. A copy that does not come through is removed.
    /// `trees` fetches file trees that belong to it, without those whom the copy does not have any more.
    func handOver(
        _ copy: ScratchCopy, for recipient: Handover.Recipient?, restored: RestoredMoment?, timeline: UInt32? = nil,
        started: String, phase: (Phase) -> Void, trees: ((ScratchCopy) async throws -> [FilesRestore.Outcome])? = nil
    ) async throws -> ScratchCopy {
        guard let recipient else { return copy }
        var copy = copy
        do {
            phase(.handover)
            let erased = copy
            var fetched = [FilesRestore.Outcome]()
            copy.handover = try await Handover(in: context).run(
                erased, restored: restored ?? moment(of: copy.part), for: recipient,
                trees: trees == nil
                    ? nil
                    : {
                        fetched = try await trees?(erased) ?? []
                        return fetched.reduce(0) { $0 + ($1.erased?.fileCount ?? 0) }
                    })
            copy.trees = fetched
            var event = RestoreEvent(
                point: entry.point.id, sources: [copy.source.name], target: "scratch", outcome: "finished",
                started: started, timeline: timeline, position: copy.position)
            event.handover = copy.handover
            try await context.recorder.record("restore", event)
            return copy
        } catch {
            try? await copy.end()  // what went wrong before matters more
            throw error
        }
    }

    /// Where a part stands that nothing was replayed on.
    func moment(of part: PointPart) -> RestoredMoment {
        let position = part.reading?.position
        let time = part.reading.flatMap { Timestamp(rfc3339: $0.consistentTo) }
        return RestoredMoment(
            kind: part.kind, position: position?.gtid ?? position?.endLSN, time: time ?? entry.point.moment,
            timeline: part.timeline)
    }

    static func refuseUnsound(_ checks: [CheckOutcome], _ source: String) throws {
        guard let bad = checks.first(where: { !$0.isSound }) else { return }
        throw SourceError(.checkFailed, "\(bad.name): \(bad.message)", subject: source)
    }
}
