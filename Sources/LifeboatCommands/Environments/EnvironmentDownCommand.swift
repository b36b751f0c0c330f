import ArgumentParser
import Drills

struct EnvironmentDownCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "down", abstract: "Remove it, however far it came.")

    @OptionGroup var chosen: ChosenEnvironment
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let access = chosen.access(context)
        let environment = try access.load()
        let said = try await EnvironmentScript(access: access, global: global).run(\.down, "removed")
        access.forgetToken()
        try context.output.report(
            EnvironmentReport(environment, in: access, isUp: false, said: said), global)
        return .done
    }
}
