import FoundationEssentials

/// Breaks what a scenario says, over the same connections that the guard has proven, and writes down what it really did.
public struct ShellInjector: FaultInjector {
    private let scenario: Scenario
    private let environment: DrillEnvironment
    private let token: EnvironmentToken
    private let reach: any HostReach
    private let truths: LineLog<FaultTruth>
    private let clock: DrillClock
    private let variables: [String: String]

    /// - Parameters:
    ///   - scenario: what is to be broken.
    ///   - environment: what may be broken.
    ///   - token: what every hit place must have.
    ///   - folder: where the truth is written down.
    ///   - reach: the connections that the guard has proven.
    ///   - seed: what faults get as `$SEED`.
    ///   - clock: the drill's.
    public init(
        _ scenario: Scenario, _ environment: DrillEnvironment, token: EnvironmentToken, in folder: DrillFolder,
        reach: any HostReach, seed: UInt64, clock: DrillClock = .system
    ) {
        self.scenario = scenario
        self.environment = environment
        self.token = token
        self.reach = reach
        truths = LineLog(folder.truth)
        self.clock = clock
        variables = ["SEED": "\(seed % 1_000_000)"]
    }

    public func inject(_ index: Int) async throws {
        try truths.mend()
        guard try !truths.read().contains(where: { $0.index == index }) else { return }
        let fault = scenario.faults[index]
        let command = try FaultCommand(fault, environment)
        var own = variables.merging(command.variables) { _, new in new }
        own["TOKEN"] = token.text
        if let proof = command.proof { _ = try await run(proof, own, fault) }
        let (began, wall) = (clock.uptime(), clock.wall())
        let outcome = try await run(command.fault, own, fault)
        let ended = clock.uptime()
        let said = outcome.output.split(separator: "\n").map(String.init).filter { !$0.allSatisfy(\.isWhitespace) }
        let last = said.last
        try truths.append(
            FaultTruth(
                index: index, kind: fault.kind, began: began, ended: ended, time: Self.text(wall),
                subject: fault.table ?? fault.path ?? fault.host, host: fault.host,
                position: fault.kind == .run ? last.flatMap(Self.position) : command.givesPosition ? last : nil,
                detail: command.givesPosition ? said.dropLast().last : last))
    }

    private func run(_ script: FaultCommand.Script, _ own: [String: String], _ fault: Fault) async throws
        -> ScriptOutcome
    {
        let outcome = await reach.run(script.text, on: script.host, variables: own, timeout: .seconds(600)) { _ in }
        guard let failure = outcome.failure else { return outcome }
        let isUnproven = outcome.exit == FaultCommand.unprovenStatus
        throw DrillError(
            isUnproven ? .unproven : .helperFailed,
            isUnproven ? "nothing was broken: \(failure)" : "the fault could not be made: \(failure)",
            subject: "\(fault.kind.rawValue) on \(fault.host)")
    }

    /// The member `position` of what a script says about itself, a JSON object.
    private static func position(_ line: String) -> String? {
        struct Said: Decodable { var position: String? }
        return try? JSONDecoder().decode(Said.self, from: Data(line.utf8)).position
    }

    private static func text(_ seconds: Double) -> String {
        Date(timeIntervalSince1970: seconds).formatted(.iso8601)
    }
}
