import Synchronization
import Trees

@testable import Repository

/// Collects what is reported from any thread.
final class Said: Sendable {
    private let state = Mutex<(errors: [any Error], warnings: [TreeError], findings: [CheckFinding])>(([], [], []))

    var errors: [any Error] { state.withLock { $0.errors } }
    var findings: [CheckFinding] { state.withLock { $0.findings } }
    var warnings: [TreeError] { state.withLock { $0.warnings } }

    func add(error: any Error) { state.withLock { $0.errors.append(error) } }
    func add(finding: CheckFinding) { state.withLock { $0.findings.append(finding) } }
    func add(warning: TreeError) { state.withLock { $0.warnings.append(warning) } }
}
