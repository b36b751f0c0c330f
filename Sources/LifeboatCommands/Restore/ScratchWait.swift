import DataSources
import Recovery

/// Keeps a scratch copy alive: while a command runs, or until Ctrl-C.
struct ScratchWait {
    let copy: ScratchCopy
    let context: CommandContext

    /// Shows the copy, waits, and removes it, also when its report cannot be made.
    func show(
        _ report: @autoclosure () async throws -> ScratchReport, _ global: GlobalOptions, _ command: String?
    ) async throws -> ExitStatus {
        do {
            try context.output.report(try await report(), global)
            try context.output.flush()
            let status = try await wait(for: command)
            try await copy.end()
            return status
        } catch {
            try? await copy.end()  // what went wrong before matters more
            throw error
        }
    }

    /// Waits; a command's failure is ours.
    private func wait(for command: String?) async throws -> ExitStatus {
        guard let command else { return try await untilInterrupted() }
        var variables = ChildEnvironment.allowed(context.environment)
        variables["LIFEBOAT_SCRATCH_FOLDER"] = copy.folder
        variables["LIFEBOAT_SCRATCH_CONNECT"] = copy.server?.howToConnect.first
        var tool = ToolCommand("/bin/sh", ["-c", command], variables: variables)
        let output = context.output
        tool.report = { output.message($0) }
        let bytes = try await tool.run(limit: 1 << 30)
        try output.write(bytes)
        return .done
    }

    /// - Throws: `CommandError` when the server ended by itself: whoever works on it shall not wonder.
    private func untilInterrupted() async throws -> ExitStatus {
        context.output.message("it runs until you end it with Ctrl-C; then it is removed")
        // Being cancelled is the answer that is waited for.
        while !Task.isCancelled {
            try? await Task.sleep(for: .seconds(1))
            if copy.server?.hasEnded == true {
                throw CommandError(
                    .systemFailed, "the server that held the copy has ended by itself", subject: copy.source.name,
                    hint: "the copy is removed; run the same command again")
            }
        }
        context.output.message("removing it")
        return .done
    }
}
