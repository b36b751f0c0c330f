import ArgumentParser
import ObjectStore
import Repository
import Sealing
import Trees

struct RestoreCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Bring files back from a snapshot.",
        discussion: """
            What is in the target already is compared, and only what differs is fetched: an interrupted restore goes on where it \
            stopped. Nothing outside the target is ever touched, whatever names a snapshot holds.

              lifeboat restore --snapshot latest --to /tmp/restored
              lifeboat restore -s latest --path /srv/app --to /srv/app --delete --dry-run
              lifeboat restore --snapshot 1a2b3c4d --to / --include /etc/fstab --verify

            The first lays paths below the target as they were: /tmp/restored/srv/app. --path restores what is inside it \
            directly into the target.
            """)

    @Option(
        name: .shortAndLong, help: ArgumentHelp("ID, the beginning of one, or `latest`.", valueName: "snapshot"))
    var snapshot: String

    @Option(
        name: [.customShort("t"), .long],
        help: ArgumentHelp("Directory to restore into; made if need be.", valueName: "dir"),
        completion: .directory)
    var to: String

    @Option(
        help: ArgumentHelp(
            "Restore what is inside this directory, or this file, directly into the target.", valueName: "path"))
    var path: String?

    @Option(name: .shortAndLong, help: ArgumentHelp("Restore only what matches.", valueName: "pattern"))
    var include: [String] = []

    @Option(name: .shortAndLong, help: ArgumentHelp("Leave out what matches.", valueName: "pattern"))
    var exclude: [String] = []

    @Flag(help: "Remove from restored directories what the snapshot does not have.") var delete = false
    @Flag(name: [.customShort("n"), .long], help: "Say what would be done, and change nothing.") var dryRun = false
    @Flag(help: "Read everything again afterwards and compare it with the snapshot.") var verify = false

    @OptionGroup var filter: LatestOptions
    @OptionGroup var reading: ReadingOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if to.isEmpty { throw ValidationError("--to needs a directory") }
        if verify, dryRun { throw ValidationError("--verify and --dry-run exclude each other") }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let began = ContinuousClock.now
        var settings = try self.settings(context)
        let result = try await RepositoryAccess(context: context, options: global).reading(reading) { repository in
            let entry = try await repository.findSnapshot(snapshot, filter: filter.filter)
            let tree = SnapshotTree(indexed: try await repository.indexed(), entry: entry)
            let root = try await root(in: tree, &settings)
            return try await restore(tree, root, settings, context)
        }
        let report = RestoreReport(result, duration: began.duration(to: .now), isDryRun: dryRun, target: to)
        try context.output.report(report, global)
        return result.failureCount == 0 ? .done : .failed
    }

    private func settings(_ context: CommandContext) throws -> RestoreSettings {
        var settings = RestoreSettings()
        settings.include = try PatternList(include)
        settings.exclude = try PatternList(exclude)
        settings.deletes = delete
        settings.isDryRun = dryRun
        settings.verifies = verify
        let (output, json, quiet) = (context.output, global.json, global.quiet)
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
        guard let path = path?.pathComponents, let name = path.last, let node = try await tree.node(at: path) else {
            return tree.entry.tree
        }
        if let subtree = node.subtree { return subtree }
        let escaped = name.flatMap { Array("*?[]\\!".utf8).contains($0) ? [UInt8(ascii: "\\"), $0] : [$0] }
        settings.include = PatternList([try PathPattern([UInt8(ascii: "/")] + escaped)])
        return try await tree.node(at: path.dropLast())?.subtree ?? tree.entry.tree
    }

    private func restore(
        _ tree: SnapshotTree, _ root: BlobID, _ settings: RestoreSettings, _ context: CommandContext
    ) async throws -> RestoreResult {
        let sink = try await target()
        let progress = RestoreProgress()
        let isWhole = include.isEmpty && exclude.isEmpty && path == nil
        let summary = isWhole ? tree.entry.snapshot.summary : nil
        return try await context.withProgress(global) { elapsed in
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
        let (path, isDryRun, replaces) = (Array(to.utf8), dryRun, delete)
        return try await BlockingLane(name: "target", threadCount: 1).run { () throws(TreeError) -> any TreeSink in
            if isDryRun, !InputFile.exists(path) { return AbsentTarget() }
            var options = LocalTreeSink.Options()
            options.replacesDirectories = replaces
            return try LocalTreeSink(root: path, options: options)
        }
    }
}
