import ObjectStore
public import Sealing
import Synchronization
public import Trees

extension IndexedRepository {
    /// Restores the tree `root` into a sink: its entries appear at the sink's root.
    ///
    /// What is there already is compared and only what differs is fetched, so a restore that was interrupted goes on where it
    /// stopped. A thing that cannot be restored is reported, counted and left out; no space left, or a lost connection, ends
    /// the restore.
    public func restore(
        tree root: BlobID, to sink: any TreeSink, _ settings: RestoreSettings,
        progress: RestoreProgress = RestoreProgress()
    ) async throws -> RestoreResult {
        try await RestoreRun(self, sink, settings, progress, isVerifying: false).run(root)
        if settings.verifies, !settings.isDryRun {
            try await RestoreRun(self, sink, settings, progress, isVerifying: true).run(root)
        }
        return progress.result
    }
}

/// One pass over a tree that is being restored, or verified: what the walker and the workers share.
final class RestoreRun: Sendable {
    let indexed: IndexedRepository
    let sink: any TreeSink
    let settings: RestoreSettings
    let progress: RestoreProgress
    /// Compare with what is there, write nothing.
    let isVerifying: Bool
    let flag = StopFlag()
    private let queue = BoundedQueue<[RestoreSegment]>(limit: 16 << 20) { segments in
        segments.reduce(segments.count * 1024) { $0 + $1.byteCount }
    }
    private let failure = Mutex<(any Error)?>(nil)

    init(
        _ indexed: IndexedRepository, _ sink: any TreeSink, _ settings: RestoreSettings, _ progress: RestoreProgress,
        isVerifying: Bool
    ) {
        self.indexed = indexed
        self.sink = sink
        self.settings = settings
        self.progress = progress
        self.isVerifying = isVerifying
    }

    func run(_ root: BlobID) async throws {
        do {
            try await withTaskCancellationHandler {
                try await runThreads(root)
            } onCancel: {
                stop()
            }
            try Task.checkCancellation()
        } catch {
            throw failure.withLock { $0 } ?? error
        }
    }

    private func runThreads(_ root: BlobID) async throws {
        let walker = RestoreWalker(run: self)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<settings.threadCount {
                group.addTask {
                    try await Threads.run("restore-\(number)") {
                        try self.guarded { try RestoreWorker(run: self).work() }
                    }
                }
            }
            try await Threads.run("walk") {
                try self.guarded { try walker.walk(root) }
                self.queue.close()
            }
            try await group.waitForAll()
        }
        try await Threads.run("finish") { try self.guarded { try walker.finish() } }
    }

    private func guarded(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch {
            failure.withLock { $0 = $0 ?? error }
            stop()
            throw error
        }
    }

    private func stop() {
        flag.raise()
        queue.close(dropping: true)
    }

    // MARK: For walker and workers

    func push(_ segments: [RestoreSegment]) { _ = queue.push(segments) }

    func pop() -> [RestoreSegment]? { queue.pop() }

    /// Reports what cannot be restored; throws it when going on makes no sense.
    func fail(_ error: any Error) throws {
        if endsAll(error) { throw error }
        progress.update { $0.failureCount += 1 }
        settings.report(error)
    }

    /// Reports that a file cannot be restored, and which blob is to blame.
    func fail(_ error: any Error, restoring path: [[UInt8]], blob: BlobID? = nil) throws {
        guard !(error is TreeError), !endsAll(error) else { return try fail(error) }
        let what = blob.map { "its blob \($0.short): " } ?? ""
        let inner = error as? RepositoryError
        try fail(
            RepositoryError(
                inner?.code ?? .objectMissing, "the file cannot be restored: \(what)\(BlobReader.reason(error))",
                subject: RawPath.printable(path), hint: inner?.hint ?? "run `lifeboat check`", cause: error))
    }

    /// No space, or a store that cannot be reached or refuses everything: all else would fail as well.
    func endsAll(_ error: any Error) -> Bool {
        switch error {
        case is CancellationError: return true
        case let error as TreeError: return error.code == .noSpace
        case let error as StoreError:
            let codes: [StoreError.Code] = [
                .cancelled, .credentialsRefused, .storeMissing, .tlsUntrusted, .clockSkewed,
            ]
            return error.isTransient || codes.contains(error.code)
        default: return false
        }
    }

    func warn(_ warnings: [TreeError]) {
        guard !warnings.isEmpty else { return }
        progress.update { $0.warningCount += UInt64(warnings.count) }
        for warning in warnings { settings.warn(warning) }
    }
}
