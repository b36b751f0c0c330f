import DataSources

/// The configured shell commands that stop and start a live service.
enum ServiceCommand {
    /// Long enough for a server that flushes much.
    private static let timeout = Duration.seconds(600)

    /// Starts the service. After a kill in the middle it may run already, which many start commands call a failure: then it
    /// counts as started when somebody has files open at the live paths.
    static func start(_ source: ProtectedSource, _ exchanges: [Exchange], in context: RecoveryContext) async throws {
        do {
            try await run(source.start, "start", in: context)
        } catch let error as RecoveryError {
            let holders = exchanges.flatMap { OpenFiles.holders(of: $0.live) }
            guard error.code == .commandFailed, !holders.isEmpty else { throw error }
            context.report("\(source.name): \(error.message); it runs already: \(holders.joined(separator: ", "))")
        }
    }

    /// Runs one; nothing happens when there is none. `variables` are added to the environment.
    static func run(
        _ text: String?, _ what: String, variables: [String: String] = [:], in context: RecoveryContext
    ) async throws {
        guard let text else { return }
        // A server that is started holds on to what it was given as standard output, so nobody may wait for the end of that.
        var command = ToolCommand(
            "/bin/sh", ["-c", "exec 1>&2\n" + text],
            variables: context.environment.variables.merging(variables) { _, own in own })
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
