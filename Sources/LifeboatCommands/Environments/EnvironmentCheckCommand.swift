import ArgumentParser

struct EnvironmentCheckCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Prove that it may be broken, and that nothing of it is production's.",
        discussion: """
            Reads the environment's word back from every host and data folder, over the very connections that a fault would take, and \
            compares machines, addresses, folders and sockets with what the file says of production. Changes nothing. Ends with 1 \
            when anything cannot be proven.
            """)

    @OptionGroup var chosen: ChosenEnvironment
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let access = chosen.access(context)
        let environment = try access.load()
        let refusal = try await access.refusal(environment)
        try context.output.report(
            EnvironmentReport(environment, in: access, isUp: access.isUp, refusal: refusal), global)
        return access.isUp && refusal == nil ? .done : .failed
    }
}
