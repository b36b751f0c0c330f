import Synchronization

/// Says that the journal shall end, in order: nothing is cancelled, but nobody waits any longer than for what is needed.
final class JournalStop: Sendable {
    private struct State {
        var isRaised = false
        var next = 0
        var pauses: [Int: Task<Void, Never>] = [:]
        var inner: JournalStop?
    }

    private let state = Mutex(State())

    /// Shall it end?
    var isRaised: Bool { state.withLock { $0.isRaised } }

    /// Tells it to end; pauses end at once.
    func raise() {
        let (pauses, inner) = state.withLock { state in
            state.isRaised = true
            return (Array(state.pauses.values), state.inner)
        }
        for pause in pauses { pause.cancel() }
        inner?.raise()
    }

    /// One that ends with this one, or before; it takes the place of the inner one there was.
    func inner() -> JournalStop {
        let inner = JournalStop()
        let isRaised = state.withLock { state in
            state.inner = inner
            return state.isRaised
        }
        if isRaised { inner.raise() }
        return inner
    }

    /// Waits so long, or until it shall end.
    func pause(_ duration: Duration, _ clock: any Clock<Duration>) async {
        let pause = Task {
            // Being woken is why it throws.
            _ = try? await clock.sleep(for: duration)
        }
        let number = state.withLock { state -> Int in
            if state.isRaised { pause.cancel() }
            state.next += 1
            state.pauses[state.next] = pause
            return state.next
        }
        await pause.value
        state.withLock { _ = $0.pauses.removeValue(forKey: number) }
    }
}
