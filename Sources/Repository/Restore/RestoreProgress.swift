import Synchronization

/// Counters of a running restore; read at any time, from any thread.
public final class RestoreProgress: Sendable {
    private let state = Mutex(RestoreResult())

    /// All zero.
    public init() {}

    /// What has been done so far.
    public var result: RestoreResult { state.withLock { $0 } }

    func update(_ body: (inout RestoreResult) -> Void) {
        state.withLock { body(&$0) }
    }
}
