import Synchronization

/// Raised when a task is cancelled; loops on other threads look at it.
final class CancelFlag: Sendable {
    private let raised = Atomic<Bool>(false)

    var isRaised: Bool { raised.load(ordering: .relaxed) }

    func raise() { raised.store(true, ordering: .relaxed) }

    /// Throws `.cancelled` once the flag is up.
    func check(_ subject: String) throws(StoreError) {
        if isRaised { throw .cancelled(subject) }
    }
}

extension BlockingLane {
    /// Runs `body` on the lane with a flag that goes up when the calling task is cancelled. Work that was still waiting for
    /// a thread then is not begun.
    func runCancellable<T: Sendable>(
        _ subject: String, _ body: @escaping @Sendable (CancelFlag) throws(StoreError) -> T
    ) async throws(StoreError) -> T {
        let flag = CancelFlag()
        let result: Result<T, StoreError> = await withTaskCancellationHandler {
            await run { () -> Result<T, StoreError> in
                Result { () throws(StoreError) -> T in
                    try flag.check(subject)
                    return try body(flag)
                }
            }
        } onCancel: {
            flag.raise()
        }
        return try result.get()
    }
}
