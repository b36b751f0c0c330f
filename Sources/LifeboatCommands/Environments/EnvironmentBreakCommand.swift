import ArgumentParser
import Drills
import Trees

struct EnvironmentBreakCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "break", abstract: "Break it as a scenario says, to practise by hand.",
        discussion: """
            Makes the faults of a scenario, and nothing else: no observer, no runbook, nothing measured. What holds for drills holds here: \
            every host and folder must have the environment's word, and what would be hit is proven once more. What was really done \
            is written to a file; read it when you are through.

              lifeboat environment break local D
              lifeboat runbook follow D
              lifeboat environment down local
            """)

    @Argument(help: ArgumentHelp("Its name, or its file.", valueName: "environment")) var name: String
    @Argument(help: ArgumentHelp("A scenario: its letter, or its file.", valueName: "scenario")) var scenario: String
    @Option(help: ArgumentHelp("What all chance comes from.", valueName: "number")) var seed: UInt64?
    @OptionGroup var options: EnvironmentPlace
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let access = EnvironmentAccess(context: context, name: name, options: options)
        guard let token = try access.token() else {
            throw CommandError(
                .invalidArgument, "the environment is not up", subject: name, hint: "`lifeboat environment up \(name)`")
        }
        let material = try DrillMaterial(scenario: scenario, access: access)
        let now = Timestamp(seconds: context.now().seconds).rfc3339.filter { $0 != "-" && $0 != ":" }
        let folder = DrillFolder("\(access.truths)/\(material.scenario.id)-\(now)")
        try material.keep(in: folder)
        let reach = access.reach(material.environment)
        let safety = EnvironmentGuard(material.environment, token: token, reach: reach)
        let injector = ShellInjector(
            material.scenario, material.environment, token: token, in: folder, reach: reach,
            seed: seed ?? UInt64.random(in: 1...999_999))
        for (index, fault) in material.scenario.faults.enumerated() {
            if fault.delay > .zero { try await Task.sleep(for: fault.delay) }
            if let refusal = await safety.prove() {
                throw DrillError(
                    .unproven, "may not be broken: \(refusal)", subject: material.environment.name,
                    hint: index == 0 ? "nothing was broken" : "\(index) faults were made before")
            }
            try await injector.inject(index)
        }
        try context.output.report(
            EnvironmentBreakReport(
                environment: material.environment.name, scenario: material.scenario.id,
                faultCount: material.scenario.faults.count, truth: folder.truth), global)
        return .done
    }
}

/// That it was broken; not how.
private struct EnvironmentBreakReport: Report {
    let environment: String
    let scenario: String
    let faultCount: Int
    let truth: String

    enum CodingKeys: String, CodingKey {
        case environment, scenario, truth
        case faultCount = "fault_count"
    }

    var lines: [String] {
        ["\(environment) is broken as scenario \(scenario) says; what was done, for afterwards: \(truth)"]
    }
}
