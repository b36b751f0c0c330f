import Drills

/// Runs one of an environment's own commands, showing what it says.
struct EnvironmentScript {
    let access: EnvironmentAccess
    let global: GlobalOptions

    /// Gives the lines of its output.
    func run(_ command: KeyPath<DrillEnvironment, String>, _ what: String) async throws -> [String] {
        let environment = try access.load()
        let output = access.context.output
        let isQuiet = global.quiet || global.json
        let outcome = await access.reach(environment).run(
            environment[keyPath: command], on: EnvironmentReach.here, variables: [:], timeout: .seconds(7200)
        ) { line in
            if !isQuiet { output.message(line) }
        }
        if let failure = outcome.failure {
            throw DrillError(
                .helperFailed, "could not be \(what): \(failure)", subject: environment.name,
                hint: "`lifeboat environment down \(access.name)` removes what is there of it")
        }
        return outcome.output.split(separator: "\n").map(String.init)
    }
}
