/// Reaches the hosts of an environment as its driver says.
public struct EnvironmentReach: HostReach {
    /// The name of no host: this machine, outside of everything, where the environment's own commands run.
    public static let here = "."

    private let environment: DrillEnvironment
    private let variables: [String: String]
    private let folder: String?

    /// - Parameters:
    ///   - environment: whose hosts they are.
    ///   - variables: what all children may see: the allow-list already applied.
    ///   - folder: where scripts of this machine begin; nil for where we are.
    public init(_ environment: DrillEnvironment, variables: [String: String], folder: String? = nil) {
        self.environment = environment
        self.variables = variables
        self.folder = folder
    }

    public func run(
        _ text: String, on host: String, variables: [String: String], timeout: Duration?,
        report: @escaping @Sendable (String) -> Void
    ) async -> ScriptOutcome {
        if let script = script(on: host) {
            return await script.run(text, variables, timeout: timeout, report: report)
        }
        guard let prefix = prefix(of: host) else {
            return ScriptOutcome(exit: nil, output: "", failure: "the environment has no host `\(host)`")
        }
        let program = ScriptProgram(
            words: prefix + ["/bin/sh", "-eu", "-c", StepProcesses.prologue + text],
            variables: self.variables.merging(variables) { _, new in new }, folder: folder)
        return await program.run(timeout: timeout, report: report).outcome
    }

    public func end(_ step: String, on host: String) async -> String? {
        guard let script = script(on: host) else { return nil }
        if case .unknown(let why) = await script.end(step, patience: SSHScript.resumePatience) { return why }
        return nil
    }

    /// The way to a host of the driver `ssh`; nil for all others.
    private func script(on name: String) -> SSHScript? {
        guard environment.driver == .ssh else { return nil }
        return environment.hosts.first { $0.name == name }
            .map { SSHScript(host: $0, variables: variables, folder: folder) }
    }

    /// What stands before a script of this machine; nil when there is no such host.
    private func prefix(of name: String) -> [String]? {
        if name == Self.here { return [] }
        if name == "operator" { return environment.operatorNamespace.map(Self.inside) ?? [] }
        guard let host = environment.hosts.first(where: { $0.name == name }) else { return nil }
        return environment.driver == .namespace ? Self.inside(host.namespace ?? name) : []
    }

    private static func inside(_ namespace: String) -> [String] { ["nsenter", "--net=/run/netns/\(namespace)", "--"] }
}
