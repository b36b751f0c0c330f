import ArgumentParser
import Recovery

struct JournalRunCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Follow and archive the logs, until SIGTERM or SIGINT.",
        discussion: """
            Told to end, it stores what was written until then and ends with 0. What cannot be stored stays on this machine and is \
            stored by the next run. See cron/lifeboat-journal.service.
            """)

    @Argument(help: ArgumentHelp("Only these sources.", valueName: "source")) var sources: [String] = []
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let opened = try await JournalSources(access: RecoveryAccess(context: context, options: global)).open(sources)
        let names = opened.map(\.source.name).joined(separator: ", ")
        if !global.quiet, !global.json {
            context.output.message("journal of \(names): running, process \(context.processID)")
        }
        // One that fails ends the others too, in order: whoever supervises us starts all of them again.
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (source, recovery) in opened {
                group.addTask { try await JournalRun(source, in: recovery).run() }
            }
            try await group.waitForAll()
        }
        return .done
    }
}
