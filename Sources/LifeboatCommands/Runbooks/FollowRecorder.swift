import Recovery
import Runbooks

/// Adds what was followed to the ledger, where it can be reached in good time.
struct FollowRecorder {
    /// Nobody waits longer for a network that may be down.
    private static let patience = Duration.seconds(60)

    let context: CommandContext
    let global: GlobalOptions
    let isOffline: Bool

    /// - Returns: nil when the ledger has it, else why not.
    func record(_ summary: FollowSummary) async throws -> String? {
        guard !isOffline else { return "--offline" }
        do {
            return try await withThrowingTaskGroup(of: String?.self) { group in
                group.addTask {
                    let opened = try await RecoveryAccess(context: context, options: global).open()
                    try await opened.recovery.recorder.record(RunbookLedger.followed, summary)
                    return nil
                }
                group.addTask {
                    try await Task.sleep(for: FollowRecorder.patience)
                    return "the repository did not answer within \(FollowRecorder.patience)"
                }
                defer { group.cancelAll() }
                return try await group.next() ?? nil
            }
        } catch {
            try Task.checkCancellation()
            return ErrorReport(error).message
        }
    }
}
