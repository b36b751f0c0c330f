import DataSources
import ObjectStore
public import Repository
import Trees

extension PointRestore {
    /// What was restored into folders, in view of erasures.
    public struct InFolder: Sendable, Hashable {
        /// File trees: what was erased from them.
        public var erasedFiles: [ErasedFiles] = []
        /// Databases: what was not.
        public var notApplied: [ErasuresNotApplied] = []
    }

    /// Restores sources to `folder/<source>/…`; what is there already is compared and kept as far as it serves. Files of people
    /// erased since go from file trees. Database data is marked: erasures since the point are not applied to it.
    @discardableResult
    public func toFolder(
        _ sources: [String], folder: String, progress: RestoreProgress, began: (String) -> Void = { _ in }
    ) async throws -> InFolder {
        let started = context.now().rfc3339
        let parts = try sources.map { try part($0) }
        let needed = parts.reduce(0) { $0 + $1.byteCount }
        try await PointRestore.lane.run {
            try PointRestore.requireSpace(needed, at: folder, for: sources.joined(separator: ", "))
        }
        var result = InFolder()
        try await context.repository.locked(.shared, context.locks) { _ in
            for part in parts {
                began(part.source)
                if part.kind == .files {
                    result.erasedFiles.append(try await tree(part, folder, progress))
                } else {
                    result.notApplied.append(try await database(part, folder, progress))
                }
            }
        }
        var event = RestoreEvent(
            point: entry.point.id, sources: sources, target: "folder", outcome: "finished", started: started)
        event.erasedFiles = result.erasedFiles
        event.notApplied = result.notApplied
        try await context.recorder.record("restore", event)
        return result
    }

    private func tree(_ part: PointPart, _ folder: String, _ progress: RestoreProgress) async throws -> ErasedFiles {
        let own = folder + "/" + part.source
        let isMarked = try await markFiles(of: part.source, own)
        try await fetch(part, to: own, verifies: true, progress: progress)
        let erased = try await Handover(in: context).eraseFiles(
            of: RestoredTree(source: part.source, root: own, readFrom: readFrom(part)))
        if isMarked { try await PointRestore.unmark(own) }
        return erased
    }

    /// A database's paths begin with its name already.
    private func database(
        _ part: PointPart, _ folder: String, _ progress: RestoreProgress
    ) async throws -> ErasuresNotApplied {
        let own = folder + "/" + part.source
        try await mark(own, nil)
        try await fetch(part, to: folder, verifies: true, progress: progress)
        let left = await Handover(in: context).notApplied(to: part.source, moment(of: part))
        try await mark(own, left)
        return left
    }
}
