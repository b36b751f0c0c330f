import Synchronization

/// A clock that stands still but for sleepers: each sleep moves it on and returns at once.
public final class ManualClock: Clock {
    /// A moment of the clock.
    public struct Instant: InstantProtocol {
        let offset: Duration

        public func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        public func duration(to other: Instant) -> Duration { other.offset - offset }
        public static func < (one: Instant, other: Instant) -> Bool { one.offset < other.offset }
    }

    private let state = Mutex<(now: Duration, pauses: [Duration])>((.zero, []))

    /// A clock at zero.
    public init() {}

    public var now: Instant { state.withLock { Instant(offset: $0.now) } }
    public var minimumResolution: Duration { .nanoseconds(1) }
    /// How long each sleep lasted.
    public var pauses: [Duration] { state.withLock { $0.pauses } }

    public func sleep(until deadline: Instant, tolerance: Duration?) async throws {
        try Task.checkCancellation()
        state.withLock { state in
            state.pauses.append(deadline.offset - state.now)
            state.now = max(state.now, deadline.offset)
        }
    }
}
