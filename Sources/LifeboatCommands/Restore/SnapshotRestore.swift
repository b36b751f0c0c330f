import ObjectStore
import Repository
import Sealing
import Trees

/// `lifeboat restore --snapshot`: files of one snapshot into a folder.
struct SnapshotRestore {
    let command: RestoreCommand
    let context: CommandContext
    let snapshot: String
    let to: String

    func run() async throws -> ExitStatus {
        let began = ContinuousClock.now
        var settings = try self.settings()
        let result = try await RepositoryAccess(context: context, options: command.global).reading(command.reading) {
            repository in
            let entry = try await repository.findSnapshot(snapshot, filter: command.filter.filter)
            let tree = SnapshotTree(indexed: try await repository.indexed(), entry: entry)
            let root = try await root(in: tree, &settings)
            return try await restore(tree, root, settings)
        }
        let report = RestoreReport(result, duration: began.duration(to: .now), isDryRun: command.dryRun, target: to)
        try context.output.report(report, command.global)
        return result.failureCount == 0 ? .done : .failed
    }

    private func settings() throws -> RestoreSettings {
        var settings = RestoreSettings()
        settings.include = try PatternList(command.include)
        settings.exclude = try PatternList(command.exclude)
        settings.deletes = command.delete
        settings.isDryRun = command.dryRun
        settings.verifies = command.verify
        let (output, json, quiet) = (context.output, command.global.json, command.global.quiet)
        settings.report = { error in
            let report = ErrorReport(error)
            output.message(json ? (try? JSONText.line(report)) ?? "" : "error: \(report.place): \(report.message)")
        }
        settings.warn = { warning in
            if !json, !quiet { output.message("warning: \(warning.subject): \(warning.message)") }
        }
        return settings
    }

    /// The tree whose entries appear in the target. For a single file it is the directory that has it, and a pattern that
    /// matches nothing else.
    private func root(in tree: SnapshotTree, _ settings: inout RestoreSettings) async throws -> BlobID {
        guard let path = command.path?.pathComponents, let name = path.last, let node = try await tree.node(at: path)
        else {
            return tree.entry.tree
        }
        if let subtree = node.subtree { return subtree }
        let escaped = name.flatMap { Array("*?[]\\!".utf8).contains($0) ? [UInt8(ascii: "\\"), $0] : [$0] }
        settings.include = PatternList([try PathPattern([UInt8(ascii: "/")] + escaped)])
        return try await tree.node(at: path.dropLast())?.subtree ?? tree.entry.tree
    }

    private func restore(
        _ tree: SnapshotTree, _ root: BlobID, _ settings: RestoreSettings
    ) async throws -> RestoreResult {
        let sink = try await target()
        let progress = RestoreProgress()
        let isWhole = command.include.isEmpty && command.exclude.isEmpty && command.path == nil
        let summary = isWhole ? tree.entry.snapshot.summary : nil
        return try await context.withProgress(command.global) { elapsed in
            let result = progress.result
            return ProgressLine(
                title: "restore", byteCount: result.byteCount, totalByteCount: summary?.totalBytesProcessed,
                fileCount: result.fileCount, totalFileCount: summary?.totalFilesProcessed,
                failureCount: result.failureCount, elapsed: elapsed)
        } _: {
            try await tree.indexed.restore(tree: root, to: sink, settings, progress: progress)
        }
    }

    /// The target; a dry run makes none.
    private func target() async throws -> any TreeSink {
        let (path, isDryRun, replaces) = (Array(to.utf8), command.dryRun, command.delete)
        return try await BlockingLane(name: "target", threadCount: 1).run { () throws(TreeError) -> any TreeSink in
            if isDryRun, !InputFile.exists(path) { return AbsentTarget() }
            var options = LocalTreeSink.Options()
            options.replacesDirectories = replaces
            return try LocalTreeSink(root: path, options: options)
        }
    }
}
