import ArgumentParser
import DataSources
import Drills

/// The observer's process. The runner of a drill starts it; nobody else has to.
struct DrillObserveCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "observe", abstract: "Observe the drill of a folder, until SIGTERM.", shouldDisplay: false)

    @Argument(help: ArgumentHelp("The drill's folder.", valueName: "folder"), completion: .directory) var folder: String
    @Flag(help: "Look for every beat that was acknowledged, and end.") var readBack = false
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let observer = try Observer(
            of: DrillFolder(folder), variables: ChildEnvironment.allowed(context.environment))
        if readBack {
            _ = try await observer.readBack()
        } else {
            try await observer.run()
        }
        return .done
    }
}
