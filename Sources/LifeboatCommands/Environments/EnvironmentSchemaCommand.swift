import ArgumentParser
import Drills
import Settings

struct EnvironmentSchemaCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "schema", abstract: "Print the JSON Schema of environments, or of scenarios.")

    @Flag(help: "Of scenarios.") var scenario = false
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let schema = scenario ? Scenario.schema : DrillEnvironment.schema
        try context.output.print(schema.json(isIndented: true))
        return .done
    }
}
