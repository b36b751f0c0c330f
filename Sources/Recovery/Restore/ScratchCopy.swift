public import DataSources
import ObjectStore
import Repository

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
    let workspace: Workspace

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
        /// A private server is being started.
        case start
        /// The engine checks what it serves.
        case check
        /// Tables are compared with the pins.
        case pins
        /// Assertions are asked.
        case assertions
    }

    /// Brings a source back into a workspace, and starts a private server on it. Whatever fails, nothing is left behind.
    func copy(
        _ source: ProtectedSource, into workspace: Workspace, phase: (Phase) -> Void
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
            let restorer = context.factory.restorer(source, context.environment)
            let files = workspace.files + "/" + source.name
            phase(.checkFiles)
            let checks = try await restorer.checkFiles(files)
            try PointRestore.refuseUnsound(checks, source.name)
            phase(.build)
            try await restorer.build(files: files, data: workspace.data, run: workspace.run)
            phase(.start)
            let server = try await restorer.start(data: workspace.data, run: workspace.run)
            return ScratchCopy(
                source: source, part: part, server: server, folder: workspace.data, fileChecks: checks,
                workspace: workspace)
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
    public func scratch(_ source: ProtectedSource, phase: (Phase) -> Void = { _ in }) async throws -> ScratchCopy {
        _ = try part(source.name)
        return try await copy(source, into: .scratch(in: context, source: source), phase: phase)
    }

    static func refuseUnsound(_ checks: [CheckOutcome], _ source: String) throws {
        guard let bad = checks.first(where: { !$0.isSound }) else { return }
        throw SourceError(.checkFailed, "\(bad.name): \(bad.message)", subject: source)
    }
}
