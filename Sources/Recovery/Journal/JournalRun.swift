import DataSources
import Journal
import ObjectStore
import Repository
import Trees

/// Archives the log of one source without end: follows it, keeps what comes on this machine's disk, and stores it.
public struct JournalRun: Sendable {
    private let source: ProtectedSource
    private let context: RecoveryContext
    private let settings: JournalSettings
    private let clock: any Clock<Duration>
    var pace = JournalPace()

    /// The journal of `source`, which must be one whose log can be followed. `clock` paces looks and new attempts.
    public init(_ source: ProtectedSource, in context: RecoveryContext, clock: any Clock<Duration> = ContinuousClock())
    {
        self.source = source
        self.context = context
        settings = source.journal ?? JournalSettings()
        self.clock = clock
    }

    /// Runs until the task is cancelled; what was written until then is stored, if the store takes it within half a minute.
    ///
    /// - Throws: `notConfigured` when the source has no log to follow; `alreadyRunning`; `JournalError.otherWriter` when
    ///   another journal, on another machine, archives the same source.
    public func run() async throws {
        // Options with a password lie here and not among everybody's temporary files, since a journal that is killed leaves them.
        let options = context.spoolFolder(source.name) + "/options"
        var environment = context.environment
        environment.temporaryFolder = options
        guard let log = context.factory.dataSource(source, environment, nil) as? any LogSource else {
            throw RecoveryError(
                .notConfigured, "a source of kind \(source.kind.rawValue) has no log to follow", subject: source.name,
                hint: "take `journal:` out of it")
        }
        let lock = try FileLock(
            folder: context.stateFolder, name: JournalRun.lockName(source.name), what: "the journal of \(source.name)")
        defer { lock.release() }
        await Workspace.remove([options])
        try StateFolder.make(options)
        let stop = JournalStop()
        // It is not cancelled with us but ends in order.
        let task = Task { try await work(log, stop) }
        try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            stop.raise()
        }
    }

    static func lockName(_ source: String) -> String { "journal-\(source)" }

    /// Works until it is told to end; begins again from what is stored when the end of that was found damaged.
    private func work(_ log: any LogSource, _ stop: JournalStop) async throws {
        let board = JournalBoard(source.name, context)
        var attempt = 1
        while true {
            do {
                let isResumed = try await attend(log, board, stop.inner())
                guard isResumed, !stop.isRaised else { return }
                board.report("a restore was taken back: its timeline has ended, the one before is live again")
            } catch let error as JournalError {
                guard error.code == .tailDamaged, !stop.isRaised else { throw error }
                board.report("it begins again: \(error.message)")
            }
            await stop.pause(pace.pause(after: attempt), clock)
            attempt += 1
        }
    }

    /// True when another timeline is live by now.
    private func attend(_ log: any LogSource, _ board: JournalBoard, _ stop: JournalStop) async throws -> Bool {
        let repository = context.repository
        let journal = SourceJournal(
            store: repository.store, repositoryID: repository.config.id, key: repository.key, source: source.name)
        let queue = JournalQueue(limit: settings.segmentByteCount)
        let lane = BlockingLane(name: "journal-state", threadCount: 1)
        // Whoever comes after us finds out from it that we held locks.
        await lane.run { board.write(queue) }
        guard let uploader = try await open(journal, board, queue, lane, stop) else { return false }
        await LeftLocks(context).remove(board)
        await board.record(
            JournalEvent(
                action: "started", source: source.name, timeline: board.snapshot.timeline ?? 0, server: nil,
                reason: nil,
                isBaseDue: board.snapshot.baseDue != nil))
        let follower = LogFollower(
            source.name, log, settings, pace, clock, context, uploader, queue, board, stop)
        let shipping = Shipping(
            source: source.name, pace: pace, clock: clock, context: context, journal: journal, uploader: uploader,
            queue: queue, board: board, stop: stop)
        let listener = LogListener(
            kind: source.kind, source: log, pace: pace, clock: clock, context: context, queue: queue, board: board,
            stop: stop)
        let listening = Task { await listener.run() }
        defer { listening.cancel() }
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await follower.run() }
                group.addTask {
                    // Whoever fails ends the other.
                    defer { stop.raise() }
                    try await shipping.run()
                }
                group.addTask { await tell(board, queue, lane, stop) }
                defer { stop.raise() }
                try await group.waitForAll()
            }
        } catch let error as JournalError where error.code == .tailDamaged {
            throw error
        } catch {
            board.alarm("it has ended: \(PointPart.Failure(error).message)")
            await lane.run { board.write(queue) }
            throw error
        }
        if !queue.isResumed { board.ended() }
        await lane.run { board.write(queue) }
        return queue.isResumed
    }

    /// Asks the store until it answers; nil when it is told to end before.
    private func open(
        _ journal: SourceJournal, _ board: JournalBoard, _ queue: JournalQueue, _ lane: BlockingLane,
        _ stop: JournalStop
    ) async throws -> JournalUploader? {
        var failureCount = 0
        while !stop.isRaised {
            do {
                let uploader = try await JournalUploader(source, settings, context, journal, board)
                board.worksAgain(\.storeError, "the store answers again")
                return uploader
            } catch let error as StoreError {
                board.failed(error, \.storeError, "the journal cannot begin")
            }
            failureCount += 1
            await lane.run { board.write(queue) }
            await stop.pause(pace.pause(after: failureCount), clock)
        }
        return nil
    }

    /// Keeps the state file true.
    private func tell(_ board: JournalBoard, _ queue: JournalQueue, _ lane: BlockingLane, _ stop: JournalStop) async {
        while !stop.isRaised {
            await lane.run { board.write(queue) }
            await stop.pause(settings.flush, clock)
        }
    }
}
