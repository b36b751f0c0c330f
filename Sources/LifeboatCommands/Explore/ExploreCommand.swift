import ArgumentParser
import Configuration
import DataSources
import Recovery

struct ExploreCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "explore", abstract: "Look around in a database as it was, and bring rows back.",
        usage:
            "lifeboat explore --at <time> | --at-position <p> | --before-position <p> [--timeline <n>] --source <name>",
        discussion: """
            A private server is started on a copy that is held at the moment. Commands are read from standard input, one a line:

            \(ExploreHelp.text.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n"))

            Nothing here changes the live service: `diff` writes a script, which you read and run yourself. When you leave, also by \
            Ctrl-C, the server and its files are removed, unless you said `promote`.

              lifeboat explore --before-position 0-1-4711 --source app-db
              echo "diff --table app.notes --where 'tenant = 7' back.sql" | lifeboat explore --at '2026-11-21 02:14:07'
            """)

    @OptionGroup var when: MomentOptions

    @Option(help: ArgumentHelp("Which database; not needed when there is one only.", valueName: "name"))
    var source: String?

    @OptionGroup var copy: RecipientOptions
    @OptionGroup var untested: UntestedOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        guard when.count == 1 else { throw ValidationError("give one of --at, --at-position, --before-position") }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        var access = RecoveryAccess(context: context, options: global)
        access.acceptsUntested = untested.acceptUntested
        let opened = try await access.open()
        let known = try await AnySecond.read(try chosen(opened), in: opened.recovery)
        let plan = try plan(known, context)
        let (output, isQuiet) = (context.output, global.quiet || global.json)
        let draw: (PointRestore.Phase) -> Void = { phase in
            if !isQuiet { output.draw("\(plan.source): \(phase.words)") }
        }
        if !isQuiet { for line in PlanReport(plan).lines { output.message(line) } }
        let recipient = try copy.recipient(opened)
        let exploration = try await Exploration.start(plan, known, for: recipient, in: opened.recovery, phase: draw)
        output.erase()
        if !isQuiet { for line in exploration.copy.handover?.lines ?? [] { output.message(line) } }
        let loop = ExploreLoop(exploration: exploration, context: context, global: global, phase: draw)
        do {
            let status = try await loop.run()
            try await exploration.end()
            return status
        } catch {
            try? await exploration.end()  // what went wrong before matters more
            throw error
        }
    }

    private func chosen(_ opened: RecoveryAccess.Opened) throws -> ProtectedSource {
        if let source { return try opened.source(source) }
        let databases = opened.configuration.sources.filter { [.mariadb, .postgresql].contains($0.kind) }
        guard databases.count == 1 else {
            throw CommandError(
                .invalidArgument, "which database is meant?", subject: "--source",
                hint: "there are: " + databases.map(\.name).joined(separator: ", "))
        }
        return databases[0]
    }

    private func plan(_ known: AnySecond, _ context: CommandContext) throws -> RestorePlan {
        let target = when.target(now: context.now())
        do {
            return try known.planner.plan(target, timeline: when.timeline)
        } catch {
            throw error.error(target)
        }
    }
}
