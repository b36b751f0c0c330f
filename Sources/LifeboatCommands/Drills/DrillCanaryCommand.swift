import ArgumentParser
import Drills

/// The canary's process. The runner of a drill starts it; nobody else has to.
struct DrillCanaryCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "canary", abstract: "Listen for whoever has a way out of a drill, until SIGTERM.",
        shouldDisplay: false)

    @Argument(help: ArgumentHelp("The drill's folder.", valueName: "folder"), completion: .directory) var folder: String
    @Option(help: ArgumentHelp("IPv4 address to listen at.", valueName: "address")) var address: String
    @Option(help: ArgumentHelp("Port to listen at; may be given several times.", valueName: "number")) var port:
        [UInt16]
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let place = DrillFolder(folder)
        try await Canary(in: place, address: address, ports: port).run { try Canary.claim(place) }
        return .done
    }
}
