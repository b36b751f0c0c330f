import ArgumentParser
import Configuration
import Drills
import Runbooks
import Sealing
import Trees

struct DrillRunCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Break staging, bring it back by the runbook, and measure both.",
        discussion: """
            The environment must be up. First it is proven that every host and folder is staging's own; then an observer writes and \
            probes from outside; then the scenario's fault is made, without a word to the runbook; then the runbook is carried out as \
            it stands, its decisions by what it proposes, or by you with --attended. At the end staging is made anew.

              lifeboat environment up local
              lifeboat drill run D --environment local
              lifeboat drill run D --environment local --attended --seed 7

            On real machines (driver `ssh`) a runbook runs only as a second person approved it: `lifeboat runbook approve`.

            Ends with 0 for pass, 4 for fail, 5 for inconclusive. Ended in the middle, `--resume ID` goes on; Ctrl-C brings staging back.
            """)

    @Argument(help: ArgumentHelp("A scenario: its letter, or its file.", valueName: "scenario")) var scenario: String

    @Option(name: [.customShort("e"), .long], help: ArgumentHelp("Where: its name, or its file.", valueName: "name"))
    var environment: String

    @Flag(help: "You declare the emergency and decide; your time is counted apart.") var attended = false
    @Option(help: ArgumentHelp("What all chance comes from; printed when not given.", valueName: "number"))
    var seed: UInt64?
    @Option(help: ArgumentHelp("Go on with this drill.", valueName: "id")) var resume: String?
    @Flag(help: "Leave staging as the drill left it.") var keep = false
    @Flag(name: [.customShort("n"), .long], help: "Prove and check everything, and break nothing.") var dryRun = false
    @OptionGroup var options: EnvironmentPlace
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let configuration = try await ConfigurationAccess(context: context, options: global).load()
        let access = EnvironmentAccess(context: context, name: environment, options: options)
        let resumed = resume.map { DrillFolder("\(configuration.state)/drills/\($0)") }
        let material = try DrillMaterial(scenario: scenario, access: access, in: resumed)
        let now = context.now()
        let problems = material.problems(today: String(now.rfc3339.prefix(10)))
        guard problems.isEmpty else { throw RunbookError(file: material.runbook.file, problems: problems) }
        guard let token = try access.token() else {
            throw CommandError(
                .invalidArgument, "the environment is not up", subject: environment,
                hint: "`lifeboat environment up \(environment)`")
        }
        try await ProductionDataRules(material: material, keepsStaging: keep, context: context, global: global)
            .require(isResumed: resumed != nil)
        let people =
            resumed == nil
            ? try await DrillPeople(material: material, context: context, global: global) : DrillPeople()
        if dryRun { return try await prove(material, context) }
        let folder = resumed ?? DrillFolder("\(configuration.state)/drills/\(Self.id(material.scenario.id, now))")
        if resumed == nil { try material.keep(in: folder) }
        var beginning = DrillBeginning(
            id: folder.id, scenario: material.scenario.id, environment: material.environment.name,
            isAttended: attended, seed: seed ?? UInt64.random(in: 1...999_999),
            runbookDigest: material.runbook.digest.hex, faultCount: material.scenario.faults.count, time: now.rfc3339,
            versions: ["lifeboat \(Lifeboat.version)"], performedBy: people.performedBy,
            approvedBy: people.approvedBy)
        beginning.planDigest = material.planDigest
        if resumed == nil {
            beginning.data = try await DrilledPlan(environment: material.environment, context: context).data()
        }
        let work = DrillWork(
            material: material, folder: folder, token: token, isAttended: attended, keepsStaging: keep,
            context: context,
            global: global)
        let report = try await work.run(beginning, isResumed: resumed != nil)
        // Recorded also when somebody ended it: what was broken on purpose stays known.
        let recording = DrillRecording(context: context, global: global)
        try await Task.detached { try await recording.record(report, folder) }.value
        try context.output.report(DrillOutcomeReport(report: report, folder: folder.path), global)
        switch report.verdict {
        case .pass: return .done
        case .fail: return .verdictFail
        case .inconclusive: return .inconclusive
        }
    }

    private static func id(_ scenario: String, _ now: Timestamp) -> String {
        "\(scenario)-" + Timestamp(seconds: now.seconds).rfc3339.filter { $0 != "-" && $0 != ":" }
    }

    private func prove(_ material: DrillMaterial, _ context: CommandContext) async throws -> ExitStatus {
        let refusal = try await material.access.refusal(material.environment)
        try context.output.report(
            EnvironmentReport(
                material.environment, in: material.access, isUp: true, refusal: refusal,
                said: [
                    "\(material.scenario.id): \(material.scenario.title)",
                    "\(material.runbook.actions.count) steps and decisions of \(material.runbook.file)",
                    "nothing was broken, since this was a dry run",
                ]), global)
        return refusal == nil ? .done : .failed
    }
}
