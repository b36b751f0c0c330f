import ArgumentParser
import Drills
import Settings

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

/// What became of an environment.
struct EnvironmentReport: Report {
    let name: String
    let driver: String
    let folder: String
    let isUp: Bool
    /// Why nothing of it may be broken; nil when all of it may.
    var refusal: String?
    /// What its own command said.
    var said: [String] = []

    enum CodingKeys: String, CodingKey {
        case name, driver, folder, refusal, said
        case isUp = "is_up"
    }

    var lines: [String] {
        let state = isUp ? "up in \(folder)" : "down"
        return said + ["\(name) (\(driver)) is \(state)"]
            + (isUp
                ? [refusal.map { "may not be broken: \($0)" } ?? "may be broken: every host and folder has its word"]
                : [])
    }
}

struct EnvironmentUpCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Make it, and plant its word.",
        discussion: """
            Of the staging application, FILES_MB, ROWS and SEED in the environment say how much data it gets.

              FILES_MB=1000 ROWS=1000000 lifeboat environment up namespace
            """)

    @Argument(help: ArgumentHelp("Its name, or its file.", valueName: "environment")) var name: String
    @OptionGroup var options: EnvironmentPlace
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let access = EnvironmentAccess(context: context, name: name, options: options)
        let said = try await EnvironmentScript(access: access, global: global).run(\.up, "brought up")
        let environment = try access.load()
        try await access.plant(environment)
        let refusal = try await access.refusal(environment)
        try context.output.report(
            EnvironmentReport(
                name: environment.name, driver: environment.driver.rawValue, folder: access.folder, isUp: true,
                refusal: refusal, said: said), global)
        return refusal == nil ? .done : .failed
    }
}

struct EnvironmentDownCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "down", abstract: "Remove it, however far it came.")

    @Argument(help: ArgumentHelp("Its name, or its file.", valueName: "environment")) var name: String
    @OptionGroup var options: EnvironmentPlace
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let access = EnvironmentAccess(context: context, name: name, options: options)
        let environment = try access.load()
        let said = try await EnvironmentScript(access: access, global: global).run(\.down, "removed")
        access.forgetToken()
        try context.output.report(
            EnvironmentReport(
                name: environment.name, driver: environment.driver.rawValue, folder: access.folder, isUp: false,
                said: said), global)
        return .done
    }
}

struct EnvironmentStatusCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show how its services are.",
        discussion: "Runs the environment's own command. Ends with 1 when that fails, or when it is not up.")

    @Argument(help: ArgumentHelp("Its name, or its file.", valueName: "environment")) var name: String
    @OptionGroup var options: EnvironmentPlace
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let access = EnvironmentAccess(context: context, name: name, options: options)
        let environment = try access.load()
        var report = EnvironmentReport(
            name: environment.name, driver: environment.driver.rawValue, folder: access.folder, isUp: access.isUp)
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

struct EnvironmentCheckCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "check", abstract: "Prove that it may be broken, and that nothing of it is production's.",
        discussion: """
            Reads the environment's word back from every host and data folder, over the very connections that a fault would take, and \
            compares machines, addresses, folders and sockets with what the file says of production. Changes nothing. Ends with 1 \
            when anything cannot be proven.
            """)

    @Argument(help: ArgumentHelp("Its name, or its file.", valueName: "environment")) var name: String
    @OptionGroup var options: EnvironmentPlace
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let access = EnvironmentAccess(context: context, name: name, options: options)
        let environment = try access.load()
        let refusal = try await access.refusal(environment)
        try context.output.report(
            EnvironmentReport(
                name: environment.name, driver: environment.driver.rawValue, folder: access.folder, isUp: access.isUp,
                refusal: refusal), global)
        return access.isUp && refusal == nil ? .done : .failed
    }
}

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
