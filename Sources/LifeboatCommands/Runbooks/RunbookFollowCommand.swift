import ArgumentParser
import DataSources
import Drills
import FoundationEssentials
import Runbooks
import Sealing

struct RunbookFollowCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "follow", abstract: "Lead a person through an emergency, step by step, and keep the time.",
        discussion: """
            Shows the text and each step with its host and its longest time. A step is run here when you say so and when this \
            is its host; else you get what to type there. Decisions are typed. The clock runs against the objective, from --since.

            Needs the file and nothing else: no database, no console, no network. What was done goes into a log, line by line, and \
            whoever starts it again goes on from there. At the end come the times of all steps, and an event for the \
            ledger; where the repository cannot be reached, run the same command with the same --log later.

              lifeboat runbook follow D --since -10m
              lifeboat runbook follow /media/usb/D-database-corruption.md --set SOURCE=db --log /tmp/D.log
              lifeboat runbook follow D --log /tmp/D.log --resume
            """)

    @Argument(help: ArgumentHelp("Letter of the scenario, or a file.", valueName: "runbook")) var runbook: String
    @OptionGroup var environment: EnvironmentOptions
    @Option(help: ArgumentHelp("A variable of the steps; may be given several times.", valueName: "name=value"))
    var set: [String] = []
    @Option(
        help: ArgumentHelp("Where to write down what is done (default: ./follow-LETTER.jsonl).", valueName: "file"),
        completion: .file())
    var log: String?
    @Flag(help: "Go on where the log stands, without asking.") var resume = false
    @Option(
        help: ArgumentHelp("When the emergency began: a time, or `-15m` (default: now).", valueName: "time"))
    var since: MomentArgument = .now
    @OptionGroup var options: RunbookOptions
    @OptionGroup var ledger: LedgerOptions
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        for assignment in set where !assignment.contains("=") {
            throw ValidationError("--set takes NAME=VALUE, not `\(assignment)`")
        }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let found = try RunbookFolder(context: context, global: global, options: options).find(runbook)
        let environment = try EnvironmentFile(options: environment, context: context).load()
        let file = log ?? "follow-\(found.head.scenario).jsonl"
        guard !resume || FollowLogFile.exists(file) else {
            throw CommandError(
                .fileUnusable, "there is no log to go on with", subject: file, hint: "leave out --resume")
        }
        let log = try FollowLogFile(file)
        var machine = FollowMachine(found)
        for record in log.records { machine.apply(record.event) }
        try refuseOther(machine, found, file)
        let words = await RunbookContacts(context: context, global: global).words()
        let began = machine.beginning?.since ?? moment(context)
        let terminal = FollowTerminal(
            context: context, title: "\(found.head.scenario): \(found.head.title)", since: began,
            objective: found.head.full)
        var run = FollowRun(
            machine: machine, records: log.records, log: log, terminal: terminal,
            host: FollowHost(environment: environment), words: words)
        guard try await begin(&run, context) else { return .failed }
        for (name, value) in given(found, environment?.variables ?? [:], context)
        where run.machine.variables[name] == nil {
            try run.note(.set(name: name, value: value))
        }
        let leaving = try await terminal.clocked { try await run.run() }
        if case .left = leaving {
            terminal.say(
                "left; go on with: lifeboat runbook follow \(runbook) --log \(ShellWords.quoted(file)) --resume")
            return .failed
        }
        return try await conclude(&run, context)
    }

    private func moment(_ context: CommandContext) -> Double {
        if case .time(let time) = since.target(now: context.now()) { return time }
        return MomentArgument.seconds(context.now())
    }

    /// A log belongs to one version of one runbook: in another one the same step may be something else.
    private func refuseOther(_ machine: FollowMachine, _ runbook: Runbook, _ file: String) throws {
        guard let beginning = machine.beginning, beginning.digest != runbook.digest.hex else { return }
        throw CommandError(
            .fileUnusable,
            "the log is of another version of a runbook: \(beginning.file) at \(beginning.digest.prefix(12))",
            subject: file,
            hint: "go on with that file, or begin anew with another --log")
    }

    /// - Returns: false when somebody does not want to go on with what there is.
    private func begin(_ run: inout FollowRun, _ context: CommandContext) async throws -> Bool {
        let terminal = run.terminal
        guard run.machine.beginning != nil else {
            try run.note(
                .began(
                    FollowBeginning(
                        scenario: run.machine.runbook.head.scenario, file: run.machine.runbook.file,
                        digest: run.machine.runbook.digest.hex, host: context.hostname, since: terminal.since)))
            terminal.say("\(terminal.title)")
            terminal.say("what you do is written to \(run.log.path); Ctrl-C leaves, and nothing is lost")
            return true
        }
        guard !run.machine.isOver else { return true }
        if !resume {
            let (done, count) = run.machine.progress
            terminal.say("\(run.log.path) stands at \(done) of \(count) steps and decisions")
            let key = try await terminal.key([("y", "go on there"), ("n", "do not")])
            guard key == "y" else {
                terminal.say("begin anew with another --log, or move \(run.log.path) away")
                return false
            }
        }
        try run.note(.resumed)
        return true
    }

    /// `--set`, then the environment's, then, for what the head asks for, this process's.
    private func given(
        _ runbook: Runbook, _ variables: [String: String], _ context: CommandContext
    ) -> [(String, String)] {
        var values = [String: String]()
        for name in runbook.head.variables { values[name] = context.variable(name) }
        values.merge(variables) { $1 }
        for assignment in set {
            let name = String(assignment.prefix { $0 != "=" })
            values[name] = String(assignment.dropFirst(name.count + 1))
        }
        return values.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }

    private func conclude(_ run: inout FollowRun, _ context: CommandContext) async throws -> ExitStatus {
        guard let summary = FollowSummary(run.records, of: run.machine.runbook) else {
            throw CommandError(.fileUnusable, "the log does not say how it began", subject: run.log.path)
        }
        try context.output.report(FollowReport(summary: summary), global)
        try context.output.flush()
        if !run.machine.isRecorded {
            let recorder = FollowRecorder(context: context, global: global, isOffline: ledger.offline)
            if let why = try await recorder.record(summary) {
                run.terminal.say("the ledger does not have it yet: \(why)")
                run.terminal.say(
                    "add it later with: lifeboat runbook follow \(runbook) --log \(ShellWords.quoted(run.log.path))")
            } else {
                try run.note(.recorded)
                run.terminal.say("the ledger has it")
            }
        }
        return summary.outcome == "ended" ? .done : .failed
    }
}
