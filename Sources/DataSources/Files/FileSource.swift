import Glibc
import ObjectStore
import Trees

/// File trees of this machine, with hooks around them, from btrfs snapshots where they can be had.
public struct FileSource: DataSource {
    public let name: String
    public let kind = SourceKind.files
    let settings: FileSettings
    let environment: SourceEnvironment
    private let previousFileCount: UInt64?
    /// How long a hook may take.
    public var hookTimeout = Duration.seconds(3600)
    /// How long a mount may take to answer.
    public var mountTimeout = MountCheck.patience

    /// Names trees. `previousFileCount` is how many files the last snapshot had (`total_files_processed`); nil for the first.
    public init(
        name: String, settings: FileSettings, environment: SourceEnvironment, previousFileCount: UInt64? = nil
    ) {
        self.name = name
        self.settings = settings
        self.environment = environment
        self.previousFileCount = previousFileCount
    }

    public func read(_ archive: @escaping @Sendable (SourceContent) async throws -> Void) async throws -> SourceReading
    {
        try await requireMounts()
        let result: Result<SourceReading, any Error>
        do {
            try await hooks(settings.before).runAll()
            result = .success(try await readTrees(archive))
        } catch {
            result = .failure(error)
        }
        let failures = await hooks(settings.after).runEach()
        for failure in failures { environment.report("after: \(failure.message) (\(failure.subject)) \(failure.hint)") }
        var reading = try result.get()
        try await requireMounts()
        reading.warnings += failures.map { "after: \($0.message) (\($0.subject))" }
        return reading
    }

    private func requireMounts() async throws {
        try await MountCheck.require(settings.mounts, patience: mountTimeout)
    }

    private func hooks(_ commands: [String]) -> Hooks {
        Hooks(
            commands: commands, variables: environment.variables, report: environment.report, timeout: hookTimeout)
    }

    // MARK: Trees

    private func readTrees(
        _ archive: @escaping @Sendable (SourceContent) async throws -> Void
    ) async throws -> SourceReading {
        let decision = try await FileSnapshotPlan.decide(settings, variables: environment.variables)
        switch decision {
        case .snapshots(let plan): return try await readSnapshots(plan, archive)
        case .walk(let reason):
            var reading = try await readLive(archive)
            if let reason { reading.warnings.append("the live tree was walked, not a snapshot: \(reason)") }
            return reading
        }
    }

    private func readLive(
        _ archive: @escaping @Sendable (SourceContent) async throws -> Void
    ) async throws -> SourceReading {
        let from = environment.now()
        let (paths, options) = (settings.paths, try sourceOptions())
        let lane = BlockingLane(name: "files", threadCount: 1)
        let made = await lane.run {
            Result { () throws(TreeError) in
                try LocalTreeSource(paths: paths.map { Array($0.utf8) }, options: options)
            }
        }
        let source: LocalTreeSource
        switch made {
        case .success(let tree): source = tree
        case .failure(let error): throw FileSource.sourceError(error)
        }
        let record = WalkRecord()
        try await archive(.tree(WatchedTree(base: source, record: record), paths: paths))
        try refuse(record)
        return SourceReading(
            method: "walk", consistentFrom: from.rfc3339, consistentTo: environment.now().rfc3339)
    }

    private func readSnapshots(
        _ plan: FileSnapshotPlan, _ archive: @escaping @Sendable (SourceContent) async throws -> Void
    ) async throws -> SourceReading {
        let from = environment.now()
        var snapshots = [BtrfsSnapshot]()
        let result: Result<Void, any Error>
        let record = WalkRecord()
        var to = from
        do {
            for subvolume in plan.subvolumes {
                let stale = try await BtrfsSnapshot.removeStale(
                    in: subvolume.top, variables: environment.variables)
                if stale > 0 {
                    environment.report("removed \(stale) snapshots that killed runs left in \(subvolume.top)")
                }
                snapshots.append(
                    try await BtrfsSnapshot.make(
                        of: subvolume.top, name: name, variables: environment.variables))
            }
            to = environment.now()
            let moved = try zip(plan.subvolumes, snapshots).map { try FileSource.moved($0.paths, $1) }
            let tree = SnapshotTree(moved: moved, options: try sourceOptions(), record: record)
            try await archive(.tree(WatchedTree(base: tree, record: record), paths: settings.paths))
            result = .success(())
        } catch {
            result = .failure(error)
        }
        let left = await remove(snapshots)
        try result.get()
        try refuse(record)
        var reading = SourceReading(
            method: "btrfs-snapshot", consistentFrom: from.rfc3339, consistentTo: to.rfc3339)
        reading.warnings = left
        return reading
    }

    /// Removes snapshots, even for a cancelled task; gives what could not be.
    private func remove(_ snapshots: [BtrfsSnapshot]) async -> [String] {
        await Task.detached {
            var left = [String]()
            for snapshot in snapshots {
                do {
                    try await snapshot.remove()
                } catch {
                    left.append("the snapshot \(snapshot.path) could not be removed: \(error)")
                }
            }
            return left
        }.value
    }

    private static func moved(_ paths: [String], _ snapshot: BtrfsSnapshot) throws -> MovedDirectory {
        var status = stat()
        guard stat(snapshot.subvolume, &status) == 0 else {
            throw SourceError(.failed, "the subvolume went: \(errorText(errno))", subject: snapshot.subvolume)
        }
        return MovedDirectory(
            path: RawPath.clean(Array(snapshot.subvolume.utf8)), place: RawPath.clean(Array(snapshot.path.utf8)),
            deviceID: UInt64(status.st_dev), targets: paths.map { RawPath.clean(Array($0.utf8)) })
    }

    private func sourceOptions() throws -> LocalSourceOptions {
        var options = LocalSourceOptions()
        do {
            options.excludes = try PatternList(settings.excludes)
        } catch {
            throw SourceError(.invalidSetting, error.message, subject: error.subject, hint: error.hint, cause: error)
        }
        options.excludesCaches = settings.excludesCaches
        options.staysOnFileSystem = settings.staysOnFileSystem
        return options
    }

    /// Throws when what was read looks like the ruins of what should be there.
    private func refuse(_ record: WalkRecord) throws(SourceError) {
        let count = record.fileCount
        let subject = settings.paths.joined(separator: ", ")
        if let lost = record.emptiedSubvolumes.first {
            throw SourceError(
                .suspectContent, "a subvolume within the paths came to be while they were read, and is not in it",
                subject: lost, hint: "name it as a path of its own source, exclude it, or run the backup once more")
        }
        guard count >= settings.minimumFileCount else {
            throw SourceError(
                .suspectContent, "there are \(count) files where \(settings.minimumFileCount) at least are expected",
                subject: subject, hint: "is everything mounted? else set minimum-files for this source")
        }
        guard let before = previousFileCount, before > count else { return }
        let lost = Double(before - count) / Double(before)
        if lost > settings.maximumShrinkage {
            throw SourceError(
                .suspectContent, "of \(before) files in the last snapshot \(count) are left", subject: subject,
                hint: "is everything mounted? if they were deleted on purpose, raise maximum-shrinkage for one run")
        }
    }

    static func sourceError(_ error: TreeError) -> SourceError {
        let code: SourceError.Code =
            error.code == .notFound ? .suspectContent : error.code == .accessDenied ? .accessDenied : .failed
        return SourceError(code, error.message, subject: error.subject, hint: error.hint, cause: error)
    }
}
