import DataSources
import Synchronization

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
        guard let words = words(text, host, variables) else {
            return ScriptOutcome(exit: nil, output: "", failure: "the environment has no host `\(host)`")
        }
        let own = self.variables.merging(variables) { _, new in new }
        var command = ToolCommand(words[0], Array(words.dropFirst()), variables: own)
        command.folder = folder
        command.report = report
        let status = ExitStatusBox()
        command.ended = { status.value = $0 }
        do {
            let output = try await command.run(limit: 16 << 20, timeout: timeout)
            return ScriptOutcome(exit: 0, output: String(decoding: output, as: UTF8.self), failure: nil)
        } catch let error as SourceError {
            return ScriptOutcome(
                exit: status.value, output: "", failure: [error.message, error.hint].joined(separator: "; "))
        } catch {
            return ScriptOutcome(exit: status.value, output: "", failure: "\(error)")
        }
    }

    private static func inside(_ namespace: String) -> [String] { ["nsenter", "--net=/run/netns/\(namespace)", "--"] }

    /// The command; nil when there is no such host.
    private func words(_ text: String, _ name: String, _ variables: [String: String]) -> [String]? {
        let shell = ["/bin/sh", "-eu", "-c", StepProcesses.prologue + text]
        if name == Self.here { return shell }
        if name == "operator" { return environment.operatorNamespace.map { Self.inside($0) + shell } ?? shell }
        guard let host = environment.hosts.first(where: { $0.name == name }) else { return nil }
        switch environment.driver {
        case .local: return shell
        case .namespace: return Self.inside(host.namespace ?? name) + shell
        case .ssh: return SSHCommand(host).words(text, variables.filter { $0.key != "LIFEBOAT_STEP" })
        }
    }
}

/// A script's way to another machine. Bytes of text and values go as octal digits, so that no shell on the way can misread them.
struct SSHCommand {
    let host: DrillEnvironment.Host

    init(_ host: DrillEnvironment.Host) { self.host = host }

    func words(_ text: String, _ variables: [String: String]) -> [String] {
        var words = [
            "ssh", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes", "-o", "ConnectTimeout=10", "-o",
            "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3",
        ]
        if let file = host.knownHostsFile { words += ["-o", "UserKnownHostsFile=\(file)"] }
        if let key = host.keyFile { words += ["-i", key, "-o", "IdentitiesOnly=yes"] }
        if let port = host.port { words += ["-p", "\(port)"] }
        words += ["--", host.user.map { "\($0)@\(host.address)" } ?? host.address]
        return words + [SSHCommand.remote(text, variables)]
    }

    /// What the other machine's shell gets. POSIX's `printf %b` brings the bytes back; the dot keeps line ends at the end.
    static func remote(_ text: String, _ variables: [String: String]) -> String {
        let exports = variables.sorted { $0.key < $1.key }.flatMap { name, value in
            ["\(name)=\"$(x '\(octal(value))'; printf .)\"", "export \(name)=\"${\(name)%.}\""]
        }
        let script = ["x() { printf '%b' \"$1\"; }"] + exports + ["exec /bin/sh -eu -c \"$(x '\(octal(text))')\""]
        return script.joined(separator: "; ")
    }

    /// Each byte as `\0ooo`, which POSIX's `printf %b` reads back.
    private static func octal(_ text: String) -> String {
        text.utf8.map { byte in
            let digits = String(byte, radix: 8)
            return "\\0" + String(repeating: "0", count: 3 - digits.count) + digits
        }.joined()
    }
}

/// What a callback and its caller share; both run one after the other.
private final class ExitStatusBox: Sendable {
    private let status = Mutex<Int32?>(nil)

    var value: Int32? {
        get { status.withLock { $0 } }
        set { status.withLock { $0 = newValue } }
    }
}
