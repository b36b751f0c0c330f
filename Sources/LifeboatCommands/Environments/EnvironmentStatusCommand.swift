import ArgumentParser
import Drills

struct EnvironmentStatusCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show how its services are.",
        discussion: "Runs the environment's own command. Ends with 1 when that fails, or when it is not up.")

    @OptionGroup var chosen: ChosenEnvironment
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let access = chosen.access(context)
        let environment = try access.load()
        var report = EnvironmentReport(environment, in: access, isUp: access.isUp)
        var isGood = access.isUp
        if access.isUp, let status = environment.status {
            let outcome = await access.reach(environment).run(
                status, on: EnvironmentReach.here, variables: [:], timeout: .seconds(120)
            ) { context.output.message($0) }
            report.said = outcome.output.split(separator: "\n").map(String.init)
            isGood = outcome.failure == nil
        }
        if access.isUp { report.refusal = try await access.refusal(environment) }
        try context.output.report(report, global)
        return isGood ? .done : .failed
    }
}
