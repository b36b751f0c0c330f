import DataSources
import FoundationEssentials
import Glibc
import ObjectStore
import Repository
import Trees

/// A backup as the command line describes it.
struct BackupRun {
    let command: BackupCommand
    let context: CommandContext

    private var access: RepositoryAccess { RepositoryAccess(context: context, options: command.global) }

    /// Backs up files and databases: the databases are copied first, so what they refer to is in the files that follow.
    func files() async throws -> BackupResult {
        let options = try localOptions()
        let lane = BlockingLane(name: "sources", threadCount: 1)
        // Wrong paths are told of before anyone waits for a server.
        var paths = command.files.path.map { Array($0.utf8) }
        if !paths.isEmpty {
            _ = try await lane.run { [paths] () throws(TreeError) in try LocalTreeSource(paths: paths, options: options)
            }
        }
        let repository = try await access.open()
        let copies = try await copyDatabases(options.excludes, on: lane)
        paths += copies.map { RawPath.absolute($0.path) }
        let local = try await lane.run { [paths] () throws(TreeError) in
            try LocalTreeSource(paths: paths, options: options)
        }
        let source = OverlaySource(local, copies.map(\.overlay))
        var settings = try await settings(repository, paths: local.paths.map { String(decoding: $0, as: UTF8.self) })
        settings.excludes = options.excludes.patterns.map { String(decoding: $0.text, as: UTF8.self) }
        return try await archive(source, settings, to: repository, counting: true)
    }

    /// Backs up what a program prints.
    func program() async throws -> BackupResult {
        let path = RawPath.clean(Array(("/" + command.program.stdinFilename).utf8))
        guard !path.isEmpty, path.allSatisfy(RawName.isSafe) else {
            throw CommandError(
                .invalidArgument, "the name given to --stdin-filename cannot be one",
                subject: command.program.stdinFilename)
        }
        let repository = try await access.open()
        var settings = try await settings(repository, paths: [String(decoding: RawPath.absolute(path), as: UTF8.self)])
        // The only thing that can fail to be read is the program's output, and that is thrown.
        settings.archive.report = { _ in }
        let words = command.program.command
        var source = ProgramSource(
            program: words[0], arguments: Array(words.dropFirst()),
            environment: ChildEnvironment.filtered(context.environment), path: path,
            metadata: Metadata(
                kind: .file, permissions: 0o600, modified: context.now(), userID: context.user.uid,
                groupID: context.user.gid))
        source.details.user = context.user.name
        let output = context.output
        if !command.global.quiet { source.report = { output.message(RawName.printable(Array($0.utf8))) } }
        do {
            return try await source.run { [settings] tree in
                try await archive(tree, settings, to: repository, counting: false)
            }
        } catch let error as TreeError {
            throw RepositoryError(
                .sourceFailed, error.message, subject: error.subject, hint: error.hint, cause: error.cause)
        }
    }

    // MARK: Parts

    private func localOptions() throws -> LocalSourceOptions {
        var options = LocalSourceOptions()
        options.excludes = try PatternList(command.excludes.exclude)
        for file in command.excludes.excludeFile {
            let text = try InputFile.read(file)
            do throws(TreeError) {
                options.excludes.append(contentsOf: try PatternList(fileText: text) { context.environment[$0] })
            } catch {
                throw CommandError(.fileUnusable, error.message, subject: file, hint: error.hint, cause: error)
            }
        }
        options.excludesCaches = command.excludes.excludeCaches
        options.maximumByteCount = command.excludes.excludeLargerThan?.value
        options.staysOnFileSystem = command.excludes.oneFileSystem
        options.keepsAccessTime = command.storing.withAtime
        return options
    }

    private func copyDatabases(_ excludes: PatternList, on lane: BlockingLane) async throws -> [SQLiteCopy] {
        let folder = context.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
        var copies = [SQLiteCopy]()
        for file in command.files.sqlite {
            let now = context.now()
            let copy = try await lane.run { () throws(TreeError) in try SQLiteCopy(of: file, in: folder, now: now) }
            guard !excludes.matches(copy.path) else {
                throw CommandError(
                    .invalidArgument, "the database is left out by an exclude pattern", subject: file,
                    hint: "take it back with --exclude '!\(file)', or leave --sqlite out")
            }
            copies.append(copy)
        }
        return copies
    }

    private func settings(_ repository: OpenRepository, paths: [String]) async throws -> BackupSettings {
        let (naming, storing) = (command.naming, command.storing)
        var settings = BackupSettings(paths: paths, hostname: naming.host ?? context.hostname, now: context.now)
        if let time = naming.time { settings.time = time.value }
        settings.username = context.user.name
        settings.uid = context.user.uid
        settings.gid = context.user.gid
        settings.tags = naming.tags
        settings.programVersion = "lifeboat \(Lifeboat.version)"
        if naming.force { settings.parent = .none }
        if let parent = naming.parent { settings.parent = .snapshot(try await repository.findSnapshot(parent)) }
        settings.archive.isDryRun = command.files.dryRun
        settings.archive.usesRabin = storing.rabin
        settings.archive.keepsAccessTimes = storing.withAtime
        settings.archive.writer.compressionLevel = storing.compression.level
        settings.archive.writer.compressesData = storing.compression != .off
        settings.archive.writer.threadCount = min(max(sysconf(Int32(_SC_NPROCESSORS_ONLN)), 2), 16)
        // A server far away answers late, so several packs are on their way; a disk is kept busy by one.
        if repository.location.hasPrefix("s3:") { settings.archive.writer.uploadCount = 3 }
        if let size = storing.packSize { settings.archive.writer.packByteCount = Int(size.value) }
        let output = context.output
        let json = command.global.json
        settings.archive.report = { error in
            let report = ErrorReport(error)
            output.message(json ? (try? JSONText.line(report)) ?? "" : "warning: \(report.place): \(report.message)")
        }
        return settings
    }

    private func archive(
        _ source: any TreeSource, _ settings: BackupSettings, to repository: OpenRepository, counting: Bool
    ) async throws -> BackupResult {
        let progress = ArchiveProgress()
        let total = SourceCount()
        let counter = Task {
            guard counting, context.output.isTerminal, !command.global.quiet, !command.global.json else { return }
            await total.walk(source, on: BlockingLane(name: "count", threadCount: 1))
        }
        defer { counter.cancel() }
        return try await context.withProgress(command.global) { elapsed in
            ProgressLine(
                title: "backup", byteCount: progress.byteCount, totalByteCount: total.byteCount,
                fileCount: progress.fileCount, totalFileCount: total.fileCount, failureCount: progress.failureCount,
                elapsed: elapsed)
        } _: {
            try await repository.backup(source, settings, locks: access.locks, progress: progress)
        }
    }
}

/// A file named on the command line.
enum InputFile {
    /// The largest that is read.
    private static let largestByteCount = 64 << 20

    /// Is there anything at the path?
    static func exists(_ path: [UInt8]) -> Bool {
        (path + [0]).withUnsafeBytes { bytes in
            bytes.baseAddress.map { access($0.assumingMemoryBound(to: CChar.self), F_OK) == 0 } ?? false
        }
    }

    static func read(_ path: String) throws -> [UInt8] {
        let data: Data
        do {
            data = try Data(contentsOf: URL(filePath: path))
        } catch {
            throw CommandError(
                .fileUnusable, "the file cannot be read", subject: path, hint: "check the path and its mode",
                cause: error)
        }
        guard data.count <= largestByteCount else {
            throw CommandError(.fileUnusable, "the file is larger than \(largestByteCount >> 20) MiB", subject: path)
        }
        return Array(data)
    }
}
