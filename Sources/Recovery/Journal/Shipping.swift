import Journal
import ObjectStore

/// Stores what waits in the queue, until that has ended and is empty.
struct Shipping: Sendable {
    let source: String
    let pace: JournalPace
    let clock: any Clock<Duration>
    let context: RecoveryContext
    let journal: SourceJournal
    let uploader: JournalUploader
    let queue: JournalQueue
    let board: JournalBoard
    let stop: JournalStop
    private let lane = BlockingLane(name: "journal-close", threadCount: 1)

    init(
        source: String, pace: JournalPace, clock: any Clock<Duration>, context: RecoveryContext, journal: SourceJournal,
        uploader: JournalUploader, queue: JournalQueue, board: JournalBoard, stop: JournalStop
    ) {
        (self.source, self.pace, self.clock, self.context) = (source, pace, clock, context)
        (self.journal, self.uploader, self.queue, self.board, self.stop) = (journal, uploader, queue, board, stop)
    }

    /// - Throws: `JournalError` when nobody can go on: another writer, a damaged chain.
    func run() async throws {
        var closing: Task<Void, Never>?
        defer { closing?.cancel() }
        while true {
            if let (step, count) = queue.next() {
                guard try await ship(step) else { return }
                queue.drop(count)
            } else if queue.hasEnded {
                return
            } else {
                if let job = await uploader.dueClosing() { closing = Task { await close(job) } }
                await wait()
            }
        }
    }

    private func wait() async {
        // After the signal to end the follower needs a moment to hand over the last bytes.
        if stop.isRaised { await Task.yield() }
        await pause(pace.poll)
    }

    /// A pause that the signal to end does not cut short.
    private func pause(_ duration: Duration) async {
        // Nothing cancels this task.
        if stop.isRaised {
            try? await clock.sleep(for: min(duration, pace.poll))
        } else {
            await stop.pause(duration, clock)
        }
    }

    /// Does a step, again and again until it is done; false when it was told to end and the store does not take it.
    private func ship(_ step: JournalStep) async throws -> Bool {
        var failureCount = 0
        var lastMoment: ContinuousClock.Instant?
        while true {
            if stop.isRaised, lastMoment == nil { lastMoment = .now + pace.farewell }
            do {
                try await uploader.perform(step, isRetry: failureCount > 0)
                board.worksAgain(\.storeError, "the store takes log again")
                return true
            } catch let error as JournalError where error.code != .damagedObject {
                // With a damaged tail all begins again from what can be read.
                throw error
            } catch {
                failureCount += 1
                board.failed(error, \.storeError, "the log cannot be stored")
            }
            if let lastMoment, ContinuousClock.now >= lastMoment { return false }
            await pause(pace.pause(after: failureCount))
        }
    }

    private func close(_ job: ClosingJob) async {
        do {
            let run = ClosingRun(job: job, source: source, context: context, journal: journal, lane: lane)
            if let prepared = try await run.run() {
                queue.append([.close(prepared)])
            } else {
                await uploader.closingWasEmpty()
            }
        } catch {
            if !Task.isCancelled {
                board.report("closed log files cannot be made a snapshot yet: \(PointPart.Failure(error).message)")
            }
            await uploader.closingFailed()
        }
    }
}
