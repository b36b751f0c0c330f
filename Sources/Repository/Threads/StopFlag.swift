import Synchronization

/// Raised when a backup or a restore is to end; every thread looks at it before the next piece of work.
final class StopFlag: Sendable {
    private let raised = Atomic<Bool>(false)

    var isRaised: Bool { raised.load(ordering: .relaxed) }

    func raise() { raised.store(true, ordering: .relaxed) }

    /// Throws `CancellationError` once the flag is up.
    func check() throws {
        if isRaised { throw CancellationError() }
    }
}
