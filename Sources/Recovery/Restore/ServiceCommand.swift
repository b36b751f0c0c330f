import DataSources

/// The configured shell commands that stop and start a live service.
enum ServiceCommand {
    /// Long enough for a server that flushes much.
    private static let timeout = Duration.seconds(600)

    /// Runs one; nothing happens when there is none.
    static func run(_ text: String?, _ what: String, in context: RecoveryContext) async throws {
        guard let text else { return }
        var command = ToolCommand("/bin/sh", ["-c", text], variables: context.environment.variables)
        let report = context.report
        command.report = { report("\(what): \($0)") }
        do {
            _ = try await command.run(timeout: timeout)
        } catch {
            if Task.isCancelled { throw CancellationError() }
            throw RecoveryError(
                .commandFailed, "the \(what) command failed: \(PointPart.Failure(error).message)", subject: text,
                hint: "mend it, then run the same command again: it goes on from here", cause: error)
        }
    }
}
