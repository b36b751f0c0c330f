import ArgumentParser
import Drills

struct EnvironmentUpCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Make it, and plant its word.",
        discussion: """
            Of the staging application, FILES_MB, ROWS and SEED in the environment say how much data it gets.

              FILES_MB=1000 ROWS=1000000 lifeboat environment up namespace
            """)

    @OptionGroup var chosen: ChosenEnvironment
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let access = chosen.access(context)
        let said = try await EnvironmentScript(access: access, global: global).run(\.up, "brought up")
        let environment = try access.load()
        try await access.plant(environment)
        let refusal = try await access.refusal(environment)
        try context.output.report(
            EnvironmentReport(environment, in: access, isUp: true, refusal: refusal, said: said), global)
        return refusal == nil ? .done : .failed
    }
}
