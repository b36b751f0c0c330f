import ArgumentParser
import Sealing

/// Parses a command line and runs what it says.
public enum CommandRunner {
    /// Runs the program with `arguments` (without its own name) and gives its exit code. Never throws: what goes wrong is said
    /// in the context's output.
    public static func run(_ arguments: [String], in context: CommandContext) async -> Int32 {
        let command: any Command
        do {
            var parsed = try Lifeboat.parseAsRoot(FindEventCommand.spelled(arguments))
            guard let found = parsed as? any Command else {
                // ArgumentParser's own commands, and ours that only hold others: they throw the help to be shown.
                try parsed.run()
                return ExitStatus.done.rawValue
            }
            command = found
        } catch {
            return tell(error, context)
        }
        do {
            try SelfTest.run()
            let status = try await command.run(in: context)
            try context.output.flush()
            return status.rawValue
        } catch {
            return end(error, command.global, context)
        }
    }

    /// What ArgumentParser has to say: help, version, or wrong usage.
    private static func tell(_ error: any Error, _ context: CommandContext) -> Int32 {
        let code = Lifeboat.exitCode(for: error)
        let text = Lifeboat.fullMessage(for: error)
        if code.isSuccess {
            // Right to lose: nobody reads the help any more.
            try? context.output.print(text)
            try? context.output.flush()
        } else {
            context.output.message(text)
        }
        return code.rawValue
    }

    private static func end(_ error: any Error, _ options: GlobalOptions, _ context: CommandContext) -> Int32 {
        context.output.erase()
        // What was found before the failure is worth having; that it cannot be written adds nothing.
        try? context.output.flush()
        if error is OutputClosed { return ExitStatus.outputClosed.rawValue }
        if error is CleanExit || error is ValidationError || error is ExitCode { return tell(error, context) }
        var error = error
        if Task.isCancelled || error is CancellationError {
            error = CommandError(
                .interrupted, "interrupted", hint: "locks are released; run the same command again to go on")
        }
        let report = ErrorReport(error)
        if options.json, let line = try? JSONText.line(report) {
            context.output.message(line)
        } else {
            for line in report.lines { context.output.message(line) }
            if options.verbose { for line in ErrorReport.causes(of: error) { context.output.message(line) } }
        }
        return report.exitCode
    }
}
