import DataSources
import Journal
import Ledger
import ObjectStore
import Repository
import Sealing
import Synchronization
import Trees

/// Reads one source of a plan into a snapshot. A source that fails gives a part that says so; only being cancelled throws.
struct SourceRun: Sendable {
    let source: ProtectedSource
    let pointTag: String
    let previous: PointPart?
    let context: RecoveryContext
    let watch: @Sendable (PlanRun.Step) -> Void

    /// Below this many bytes a source may shrink as it likes.
    private static let smallByteCount: UInt64 = 1 << 20
    /// A source that has less than this share of its last size is suspect.
    private static let suspectShare = 0.5

    func run() async throws -> (PointPart, ContentPins.SourcePins?) {
        let began = ContinuousClock.now
        if case .redis(let settings) = source.settings, settings.role == .cache {
            return (PointPart(source: source.name, kind: source.kind, outcome: .skipped), nil)
        }
        var part = PointPart(source: source.name, kind: source.kind, outcome: .complete)
        var pins: ContentPins.SourcePins?
        do {
            try await read(&part)
            part.failure = suspicion(of: part)
            if part.failure != nil { part.outcome = .failed }
            if part.outcome != .failed { pins = try await countedPins(&part) }
        } catch {
            // Being told to end ends all; what one source says of itself does not.
            if Task.isCancelled { throw CancellationError() }
            part.outcome = .failed
            part.failure = PointPart.Failure(error, of: source.name)
        }
        part.seconds = began.duration(to: .now) / .seconds(1)
        return (part, pins)
    }

    private func read(_ part: inout PointPart) async throws {
        let progress = ArchiveProgress()
        watch(.began(source: source.name, kind: source.kind, progress: progress))
        let made = Mutex<BackupResult?>(nil)
        part.timeline = try await journalTimeline()
        let data = context.factory.dataSource(source, context.environment, previous?.fileCount)
        let reading = try await data.read { content in
            let result = try await archive(content, progress)
            made.withLock { $0 = result }
        }
        guard let result = made.withLock({ $0 }), let id = result.id else {
            throw SourceError(.failed, "the source gave nothing to store", subject: source.name)
        }
        part.reading = reading
        part.snapshot = PointPart.SnapshotReference(
            tree: result.snapshot.tree, time: result.snapshot.time, host: result.snapshot.hostname ?? "", id: id.hex)
        let summary = result.snapshot.summary ?? SnapshotSummary()
        part.fileCount = summary.totalFilesProcessed
        part.byteCount = summary.totalBytesProcessed
        part.addedByteCount = summary.dataAddedPacked
        part.unreadableCount = result.failureCount
        if result.failureCount > 0 { part.outcome = .incomplete }
    }

    /// The newest timeline before reading begins: a rewind meanwhile makes the point one of the old timeline.
    private func journalTimeline() async throws -> UInt32? {
        guard source.journal != nil else { return nil }
        let repository = context.repository
        let timelines = TimelineStore(
            store: repository.store, repositoryID: repository.config.id, key: repository.key, source: source.name)
        return try await timelines.tree().live?.timeline
    }

    private func archive(_ content: SourceContent, _ progress: ArchiveProgress) async throws -> BackupResult {
        var settings = BackupSettings(paths: ["/" + source.name], hostname: context.node, now: context.now)
        settings.username = context.user.name
        settings.uid = context.user.uid
        settings.gid = context.user.gid
        settings.tags = [pointTag, "lifeboat-source:" + source.name]
        settings.programVersion = context.programVersion
        settings.archive = context.archive
        let (report, name) = (context.report, source.name)
        settings.archive.report = { report("\(name): \($0.subject): \($0.message)") }
        switch content {
        case .tree(let tree, let paths):
            settings.paths = paths
            return try await context.repository.backup(tree, settings, locks: context.locks, progress: progress)
        case .stream(let stream):
            return try await context.repository.backup(stream, settings, locks: context.locks, progress: progress)
        }
    }

    /// A source that lost half of itself since the last point is suspect, not a success: its snapshot stays, and says so.
    private func suspicion(of part: PointPart) -> PointPart.Failure? {
        guard !context.acceptsShrunken.contains(source.name), let previous,
            previous.byteCount > SourceRun.smallByteCount,
            Double(part.byteCount) < Double(previous.byteCount) * SourceRun.suspectShare
        else { return nil }
        return PointPart.Failure(
            kind: SourceError.Code.suspectContent.rawValue,
            message: "the source shrank from \(previous.byteCount) to \(part.byteCount) bytes since the last point",
            hint: "look at it; when that is right, run the plan with --accept-shrunken \(source.name)")
    }

    /// Counts the tables of a database that was read physically; a logical backup has pins from its own bytes already.
    private func countedPins(_ part: inout PointPart) async throws -> ContentPins.SourcePins? {
        guard let reading = part.reading else { return nil }
        if !reading.pins.isEmpty {
            part.reading?.pins = []
            return ContentPins.SourcePins(
                position: reading.position ?? SourcePosition(), time: reading.consistentTo, pins: reading.pins,
                isOfBase: true, leftOut: [])
        }
        guard source.pins.isOn, reading.method == "physical",
            let data = context.factory.dataSource(source, context.environment, nil) as? any PinnedSource
        else { return nil }
        do {
            let counted = try await data.pins(tables: source.pins.tables, budget: source.pins.budget)
            return ContentPins.SourcePins(
                position: counted.position, time: context.now().rfc3339, pins: counted.pins, isOfBase: false,
                leftOut: counted.leftOut)
        } catch {
            if Task.isCancelled { throw CancellationError() }
            let failure = PointPart.Failure(error, of: source.name)
            part.reading?.warnings.append("no pins were taken: \(failure.message). \(failure.hint)")
            return nil
        }
    }
}

extension PointPart.Failure {
    /// Tells of any error by its own words; what says no more than the `source` is left out.
    init(_ error: any Error, of source: String = "") {
        switch error {
        case let error as SourceError:
            // `exited with 1`, `is not mounted`: of what, the subject tells.
            let isTold =
                ["", source, "source \(source)"].contains(error.subject) || error.message.contains(error.subject)
            self.init(
                kind: error.code.rawValue, message: isTold ? error.message : "\(error.subject): \(error.message)",
                hint: error.hint)
        case let error as TreeError:
            self.init(kind: error.code.rawValue, message: "\(error.message): \(error.subject)", hint: error.hint)
        case let error as RepositoryError:
            self.init(kind: error.code.rawValue, message: "\(error.message): \(error.subject)", hint: error.hint)
        case let error as StoreError:
            self.init(kind: error.code.rawValue, message: "\(error.message): \(error.subject)", hint: error.hint)
        case let error as RecoveryError:
            self.init(kind: error.code.rawValue, message: error.message, hint: error.hint)
        case let error as LedgerError:
            self.init(kind: error.code.rawValue, message: "\(error.message): \(error.subject)", hint: error.hint)
        case let error as JournalError:
            self.init(kind: error.code.rawValue, message: error.message, hint: error.hint)
        default: self.init(kind: "failed", message: "\(error)", hint: "")
        }
    }
}
