/// How a script ended.
public struct ScriptOutcome: Sendable, Hashable {
    /// Exit status; nil when it was ended for taking too long, by a signal, or could not be started.
    public var exit: Int32?
    /// What it wrote to its standard output, at most 16 MiB.
    public var output: String
    /// What went wrong; nil when it ended with 0.
    public var failure: String?

    /// An outcome.
    public init(exit: Int32?, output: String, failure: String?) {
        self.exit = exit
        self.output = output
        self.failure = failure
    }

    /// The last line of the output that has something in it: what `sets` takes.
    public var lastLine: String? {
        output.split(separator: "\n").map { $0.filter { $0 != "\r" } }.last { !$0.allSatisfy(\.isWhitespace) }
            .map { String($0) }
    }
}

/// Carries out shell text on the hosts of an environment.
public protocol HostReach: Sendable {
    /// Runs `text` by `/bin/sh -eu` on `host` and waits. `variables` come as its environment, beside an allow-list; they are never
    /// put into the text. `report` is called with each line that it writes to its standard error.
    func run(
        _ text: String, on host: String, variables: [String: String], timeout: Duration?,
        report: @escaping @Sendable (String) -> Void
    ) async -> ScriptOutcome

    /// Ends what a runner that died has left running on `host`, where only `host` itself knows of it; `step` is the `LIFEBOAT_STEP` it
    /// was run with. Gives why nobody knows whether it runs; nil when it does not.
    func end(_ step: String, on host: String) async -> String?
}

extension HostReach {
    /// Processes of this machine are known by their files here.
    public func end(_ step: String, on host: String) async -> String? { nil }
}
