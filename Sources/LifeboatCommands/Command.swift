import ArgumentParser

/// A command of the program. It takes the world as a value, so that tests can run it within their own process.
protocol Command: AsyncParsableCommand {
    /// What every command takes.
    var global: GlobalOptions { get }

    /// Does the work. Throws what the operator is told; the status says how well it went.
    func run(in context: CommandContext) async throws -> ExitStatus
}

extension Command {
    /// How ArgumentParser would start a command; the program goes through `CommandRunner` instead.
    func run() async throws {
        let status = try await run(in: .system())
        if status != .done { throw ExitCode(status.rawValue) }
    }
}
