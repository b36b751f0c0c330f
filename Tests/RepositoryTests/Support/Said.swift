import Synchronization
import Trees

/// Collects what is reported from any thread.
final class Said: Sendable {
    private let state = Mutex<(errors: [any Error], warnings: [TreeError])>(([], []))

    var errors: [any Error] { state.withLock { $0.errors } }
    var warnings: [TreeError] { state.withLock { $0.warnings } }

    func add(error: any Error) { state.withLock { $0.errors.append(error) } }
    func add(warning: TreeError) { state.withLock { $0.warnings.append(warning) } }
}
