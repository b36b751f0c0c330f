import Journal
import Synchronization
import Trees

/// What was cut and is not archived yet, in order. Filled by the one who follows the log, emptied by the one who archives.
final class JournalQueue: Sendable {
    private struct State {
        var steps: [JournalStep] = []
        var first = 0
        var byteCount: UInt64 = 0
        var hasEnded = false
        var isResumed = false
    }

    private let state = Mutex(State())
    private let limit: UInt64

    /// - Parameter limit: pieces are joined up to so many bytes.
    init(limit: UInt64) { self.limit = limit }

    /// Bytes that wait.
    var byteCount: UInt64 { state.withLock { $0.byteCount } }
    /// When the oldest piece that waits was seen; nil when none does.
    var oldest: Timestamp? {
        state.withLock { state in
            for case .piece(let piece) in state.steps[state.first...] { return piece.seen }
            return nil
        }
    }
    /// The last timeline that was found to begin and has no record yet.
    var begun: TimelineStart? {
        state.withLock { state in
            for case .begin(let start, _) in state.steps[state.first...].reversed() { return start }
            return nil
        }
    }
    /// Nothing will come any more.
    var hasEnded: Bool { state.withLock { $0.hasEnded } }

    func append(_ steps: [JournalStep]) {
        state.withLock { state in
            state.steps += steps
            for case .piece(let piece) in steps { state.byteCount += piece.header.byteCount }
        }
    }

    func end() { state.withLock { $0.hasEnded = true } }

    /// Another timeline than that of what is in it is live again: all begins anew once it is empty.
    var isResumed: Bool { state.withLock { $0.isResumed } }

    func resumeOther() { state.withLock { $0.isResumed = true } }

    /// What is next, pieces of one file joined, and how many entries that is; nil when nothing waits. It stays until `drop`.
    func next() -> (step: JournalStep, count: Int)? {
        state.withLock { state in
            guard state.first < state.steps.count else { return nil }
            guard case .piece(var piece) = state.steps[state.first] else { return (state.steps[state.first], 1) }
            var count = 1
            while state.first + count < state.steps.count, case .piece(let more) = state.steps[state.first + count],
                let both = piece.joined(with: more, limit: limit)
            {
                piece = both
                count += 1
            }
            return (.piece(piece), count)
        }
    }

    /// The first `count` entries are done.
    func drop(_ count: Int) {
        state.withLock { state in
            for case .piece(let piece) in state.steps[state.first..<state.first + count] {
                state.byteCount -= piece.header.byteCount
            }
            state.first += count
            guard state.first == state.steps.count || state.first > 1000 else { return }
            state.steps.removeFirst(state.first)
            state.first = 0
        }
    }
}
