import ArgumentParser

struct EnvironmentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "environment", abstract: "Bring up, look at, and remove what drills may break.",
        discussion: """
            An environment is a file in scenarios/environments: hosts, how to reach them, what is theirs. `up` makes it and plants a \
            word in each of its data folders. Nothing is ever broken where that word cannot be read back.

              lifeboat environment up local
              lifeboat environment check local
              lifeboat environment down local
            """,
        subcommands: [
            EnvironmentUpCommand.self, EnvironmentStatusCommand.self, EnvironmentCheckCommand.self,
            EnvironmentBreakCommand.self, EnvironmentDownCommand.self, EnvironmentSchemaCommand.self,
        ])
}
