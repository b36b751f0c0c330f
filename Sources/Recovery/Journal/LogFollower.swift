import DataSources
import Journal
import ObjectStore
import Synchronization

/// Runs the engine's tool again and again, each time in a new spool folder, and cuts what it writes.
struct LogFollower: Sendable {
    /// A tool that ran for so long is started again without delay.
    private static let longRun = Duration.seconds(10)

    let name: String
    let source: any LogSource
    let settings: JournalSettings
    let pace: JournalPace
    let clock: any Clock<Duration>
    let context: RecoveryContext
    let uploader: JournalUploader
    let queue: JournalQueue
    let board: JournalBoard
    let stop: JournalStop
    let lane = BlockingLane(name: "journal-spool", threadCount: 1)

    init(
        _ name: String, _ source: any LogSource, _ settings: JournalSettings, _ pace: JournalPace,
        _ clock: any Clock<Duration>, _ context: RecoveryContext, _ uploader: JournalUploader, _ queue: JournalQueue,
        _ board: JournalBoard, _ stop: JournalStop
    ) {
        (self.name, self.source, self.settings, self.pace) = (name, source, settings, pace)
        (self.clock, self.context, self.uploader, self.queue) = (clock, context, uploader, queue)
        (self.board, self.stop) = (board, stop)
    }

    /// Follows until it is told to end; then everything that was written is in the queue, which has ended.
    func run() async throws {
        defer { queue.end() }
        var cursor = await uploader.start
        let spool = context.spoolFolder(name)
        let old = try await lane.run { try SpoolFolder.all(in: spool) }
        let lost = await uploader.isTailLost
        for folder in old {
            guard await !uploader.archiveUndone(folder) else { continue }
            // What is missing before it must come first; it stays until the next start.
            guard await !serverHasMore(than: folder, cursor, isLost: lost) else { break }
            cursor = await drain(scan(folder, from: cursor))
        }
        var number = old.last?.number ?? 0
        var failureCount = 0
        var isLost = false
        while !stop.isRaised {
            if isFull {
                while !stop.isRaised, queue.byteCount > settings.spoolLimit / 2 { await stop.pause(pace.poll, clock) }
                continue
            }
            let began = ContinuousClock.now
            do {
                let note = try await note(cursor, isLost: isLost)
                number += 1
                let folder = try await lane.run { [number] in try SpoolFolder.make(in: spool, number: number, note) }
                let scan = scan(folder, from: cursor)
                defer { cursor = scan.cursor }
                try await follow(scan)
                isLost = false
            } catch is TimelineResumed {
                // What is spooled is of the other timeline, and is archived there before all begins anew.
                return queue.resumeOther()
            } catch {
                isLost = (error as? SourceError)?.code == .suspectContent
                if !stop.isRaised { board.failed(error, \.toolError, "the log cannot be followed") }
            }
            guard !stop.isRaised else { break }
            failureCount = began.duration(to: .now) > Self.longRun ? 1 : failureCount + 1
            board.change { $0.toolRestartCount += 1 }
            await stop.pause(pace.pause(after: failureCount), clock)
        }
    }

    private func scan(_ folder: SpoolFolder, from cursor: LogCursor?) -> FolderScan {
        FolderScan(folder, source: source, from: cursor, settings: settings, now: context.now)
    }

    /// Looks at the server and says how the next run of the tool begins.
    private func note(_ cursor: LogCursor?, isLost: Bool) async throws -> SpoolFolder.Note {
        let server = try await source.logState()
        if let begun = queue.begun, begun.server == server.server, cursor == nil {
            return SpoolFolder.Note(server: server.server, begins: nil, first: nil)
        }
        let (live, isEmpty, isResumed) = await uploader.newest()
        if isResumed, queue.begun == nil { throw TimelineResumed() }
        var known = live
        // What has begun and could not be told to the store yet.
        if let begun = queue.begun { known?.server = begun.server }
        let cursor = isEmpty && queue.begun == nil ? nil : cursor
        var note = SpoolFolder.Note(server: server.server, begins: nil, first: cursor?.place.file)
        if case .begin(let reason) = TimelineChoice(live: known, cursor: cursor, server: server) {
            note.begins = TimelineStart(reason: reason, server: server.server)
            note.first = nil
        } else if cursor == nil, let live, queue.begun == nil {
            // A rewind has begun it: all that the server wrote since is wanted.
            if isEmpty { note.begins = TimelineStart(reason: live.reason, server: server.server) }
            let isLost = await uploader.isTailLost
            if live.reason == .rewind || isLost { note.first = server.historyFile ?? server.oldestFile }
        } else if let first = note.first, let oldest = server.oldestFile, first < oldest || isLost {
            note.first = oldest
        } else if isLost {
            note.first = nil
        }
        return note
    }

    /// A restore was taken back: the timeline that it left is live again.
    private struct TimelineResumed: Error {}

    private var isFull: Bool { queue.byteCount >= settings.spoolLimit }

    // MARK: One run of the tool

    /// Runs the tool until it ends, or until this is told to end.
    private func follow(_ scan: FolderScan) async throws {
        let (source, note) = (source, scan.folder.note)
        let hasEnded = Ended()
        let tool = Task {
            defer { hasEnded.set() }
            try await source.follow(first: note.first, into: scan.folder.path)
        }
        var failure: (any Error)?
        while failure == nil, !hasEnded.isSet, !stop.isRaised, !isFull {
            failure = await look(scan, isLive: true)
            if failure == nil { await stop.pause(pace.poll, clock) }
        }
        if isFull {
            board.alarm(
                "\(queue.byteCount) bytes wait, which is all that may: the tool is stopped until half is stored")
        }
        tool.cancel()
        let result = await tool.result
        _ = await drain(scan)
        if let failure { throw failure }
        if case .failure(let error) = result, !(error is CancellationError) { throw error }
    }

    /// Takes all that is in a folder that no tool writes to, and gives where that ends.
    private func drain(_ scan: FolderScan) async -> LogCursor? {
        if let failure = await look(scan, isLive: false) {
            // What cannot be read here the tool fetches again.
            board.failed(failure, \.toolError, "\(scan.folder.path) cannot be read to its end")
        } else {
            queue.append([.drained(scan.folder)])
        }
        return scan.cursor
    }

    /// Cuts what has come; gives why it could not.
    private func look(_ scan: FolderScan, isLive: Bool) async -> (any Error)? {
        let (steps, failure) = await lane.run { () -> ([JournalStep], (any Error)?) in
            var steps = [JournalStep]()
            do {
                try scan.scan(isLive: isLive, steps: &steps)
                var synced: SpoolFile?
                for case .piece(let piece) in steps where piece.file !== synced {
                    try piece.file.sync()
                    synced = piece.file
                }
                return (steps, nil)
            } catch {
                return (steps, error)
            }
        }
        let before = queue.byteCount
        queue.append(steps)
        for case .piece(let piece) in steps {
            board.spooled(piece.header)
            board.worksAgain(\.toolError, "the log is followed again")
        }
        let half = settings.spoolLimit / 2
        if before < half, queue.byteCount >= half {
            board.alarm("\(queue.byteCount) bytes wait to be archived, of at most \(settings.spoolLimit)")
        }
        return failure
    }

    private final class Ended: Sendable {
        private let value = Mutex(false)
        var isSet: Bool { value.withLock { $0 } }
        func set() { value.withLock { $0 = true } }
    }
}
