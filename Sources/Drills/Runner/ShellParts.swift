import Runbooks

/// Looks at what must hold by the scripts of the scenario.
public struct ShellExaminer: DrillExaminer {
    private let scenario: Scenario
    private let reach: any HostReach
    private let variables: [String: String]

    /// Examines as `scenario` says, with the environment's variables.
    public init(_ scenario: Scenario, reach: any HostReach, variables: [String: String]) {
        self.scenario = scenario
        self.reach = reach
        self.variables = variables
    }

    public func examine() async -> [(what: String, failure: String?)] {
        var results = [(what: String, failure: String?)]()
        for one in scenario.examinations {
            let outcome = await reach.run(
                one.script.text, on: one.script.host, variables: variables, timeout: one.script.timeout
            ) { _ in }
            results.append((one.name, outcome.failure))
        }
        return results
    }
}

/// Brings staging back by the environment's own command.
public struct ShellClearing: StagingClearing {
    private let environment: DrillEnvironment
    private let reach: any HostReach
    private let folder: DrillFolder

    /// Clears `environment` for the drill of `folder`.
    public init(_ environment: DrillEnvironment, reach: any HostReach, in folder: DrillFolder) {
        self.environment = environment
        self.reach = reach
        self.folder = folder
    }

    public func clear() async throws {
        let outcome = await reach.run(
            environment.clear, on: EnvironmentReach.here, variables: folder.marked("clear"), timeout: .seconds(1800)
        ) { _ in
        }
        if let failure = outcome.failure {
            throw DrillError(
                .helperFailed, "the environment could not be cleared: \(failure)", subject: environment.name,
                hint: "run `lifeboat environment down` and `up`")
        }
    }
}
