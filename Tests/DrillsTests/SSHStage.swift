import FoundationEssentials
import Glibc
import TestSupport

@testable import Drills

/// A host `app1` behind a real sshd of this machine, and a folder with data on it.
struct SSHStage: Sendable {
    let server: StagingServer
    let folder: TemporaryFolder
    /// What runs over there is seen by these.
    var data: String { folder.path + "/data" }

    init() async throws {
        server = try await StagingServer(.sshd)
        folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: true)
    }

    /// The environment; `host` is added to the host's fields, `production` is that section's.
    func environment(
        port: String? = nil, knownHosts: String? = nil, key: String? = nil, production: String = "machine-ids: [none]"
    )
        throws -> DrillEnvironment
    {
        try DrillEnvironment(
            text: """
                environment: t
                driver: ssh
                hosts:
                  app1:
                    address: \(server["SSHD_HOST"])
                    user: \(server["SSHD_USER"])
                    port: \(port ?? server["SSHD_PORT"])
                    key: \(key ?? server["SSHD_KEY"])
                    known-hosts: \(knownHosts ?? server["SSHD_KNOWN_HOSTS"])
                    data: [\(data)]
                up: x
                down: x
                clear: x
                production: {\(production)}
                """, file: "t.yaml")
    }

    static let variables = ["PATH": getenv("PATH").map { String(cString: $0) } ?? "/bin"]

    func reach(_ environment: DrillEnvironment) -> EnvironmentReach {
        EnvironmentReach(environment, variables: Self.variables)
    }

    func run(
        _ text: String, _ variables: [String: String] = [:], timeout: Duration? = nil,
        in environment: DrillEnvironment? = nil, report: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> ScriptOutcome {
        await reach(try environment ?? self.environment()).run(
            text, on: "app1", variables: variables, timeout: timeout, report: report)
    }

    /// Text of a file below the data; empty while there is none.
    func text(_ name: String) -> String {
        (try? String(contentsOf: URL(filePath: data + "/" + name), encoding: .utf8)) ?? ""
    }

    /// Waits until a step over there has written its number into `name`.
    func process(in name: String) async throws -> Int32 {
        for _ in 0..<4_800 {
            if text(name).hasSuffix("\n"), let number = Int32(text(name).filter { $0 != "\n" }) { return number }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw Tool.Failure(description: "nothing began within 240 s")
    }

    /// Does it run, and is not only waiting to be reaped?
    static func runs(_ process: Int32) -> Bool {
        guard let stat = try? String(contentsOf: URL(filePath: "/proc/\(process)/stat"), encoding: .utf8),
            let end = stat.lastIndex(of: ")")
        else { return false }
        return stat[stat.index(end, offsetBy: 2)] != "Z"
    }

    /// The server's processes that hold connections.
    func connections() -> [Int32] {
        let pid = server["SSHD_PID"]
        let text = (try? String(contentsOf: URL(filePath: "/proc/\(pid)/task/\(pid)/children"), encoding: .utf8)) ?? ""
        return text.split(separator: " ").compactMap { Int32($0) }
    }
}
