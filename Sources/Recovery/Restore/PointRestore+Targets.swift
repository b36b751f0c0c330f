import DataSources
import ObjectStore
public import Repository
import Trees

extension PointRestore {
    /// What was restored into folders.
    public struct InFolder: Sendable {
        /// File trees: what was erased from them.
        public var erasedFiles: [ErasedFiles] = []
        /// Databases: what was not.
        public var notApplied: [ErasuresNotApplied] = []
        /// When which part of it was there.
        public var times: ClassedRestore.Outcome?
    }

    /// Restores sources to `folder/<source>/…`, those first that come first; what is there already is compared and kept as far as
    /// it serves. Files of people erased since go from file trees. Database data is marked: erasures since the point are not
    /// applied to it. `words` are what was asked for.
    @discardableResult
    public func toFolder(
        _ order: RestoreOrder, words: String, folder: String, progress: RestoreProgress = RestoreProgress()
    ) async throws -> InFolder {
        let sources = order.steps.filter(\.patterns.isEmpty).map(\.source)
        let needed = try sources.reduce(0) { $0 + (try part($1).byteCount) }
        try await PointRestore.lane.run {
            try PointRestore.requireSpace(needed, at: folder, for: sources.joined(separator: ", "))
        }
        var result = InFolder()
        let asked = ClassedRestore.Asked(words: words, target: folder, sources: sources)
        result.times = try await context.repository.locked(.shared, context.locks) { _ in
            let erased = { ClassedRestore.Erased(files: result.erasedFiles, notApplied: result.notApplied) }
            return try await ClassedRestore(order, asked: asked, in: context).run(
                .init(point: entry.point.id), erased: erased
            ) { step, _ in
                let part = try part(step.source)
                guard part.kind == .files else {
                    return result.notApplied.append(try await database(part, folder, progress))
                }
                // What comes early is looked at once more with the rest, and counted then.
                let counted = step.patterns.isEmpty ? progress : RestoreProgress()
                let erased = try await tree(part, folder, patterns: step.patterns, counted)
                if step.patterns.isEmpty { result.erasedFiles.append(erased) }
            }
        }
        return result
    }

    private func tree(
        _ part: PointPart, _ folder: String, patterns: [String], _ progress: RestoreProgress
    ) async throws -> ErasedFiles {
        let own = folder + "/" + part.source
        let isMarked = try await markFiles(of: part.source, own)
        try await fetch(part, to: own, verifies: true, patterns: patterns, progress: progress)
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
