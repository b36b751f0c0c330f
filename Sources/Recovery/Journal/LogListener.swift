import DataSources
import Trees

/// Asks a server now and then where it stands: when the store has all of that, nothing was written until then that it does not have,
/// and a moment on a quiet server can be reached although nothing arrives.
struct LogListener: Sendable {
    let kind: SourceKind
    let source: any LogSource
    let pace: JournalPace
    let clock: any Clock<Duration>
    let context: RecoveryContext
    let queue: JournalQueue
    let board: JournalBoard
    let stop: JournalStop

    /// Until it is told to end, or cancelled.
    func run() async {
        while !stop.isRaised, !Task.isCancelled {
            await stop.pause(pace.listen, clock)
            guard !stop.isRaised, queue.byteCount == 0 else { continue }
            let asked = context.now().rfc3339
            // A server that does not answer is not heard; the follower says so.
            guard let state = try? await source.logState() else { continue }
            let now = board.snapshot
            guard now.toolError == nil, now.storeError == nil, let archived = now.archived,
                let stands = EnginePosition(state.position, kind: kind),
                let has = EnginePosition(archived.position, kind: kind), has.includes(stands)
            else { continue }
            board.change { $0.heard = asked }
        }
    }
}
