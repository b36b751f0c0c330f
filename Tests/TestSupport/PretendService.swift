import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage

/// A small real HTTP server that a test can break: `Tests/Support/pretend-service` says how.
public struct PretendService: Sendable {
    /// Its folder, in which files break it.
    public let folder: String
    /// The port it listens on, on loopback.
    public let port: Int

    /// One that listens there, or would.
    public init(folder: String, port: Int) {
        self.folder = folder
        self.port = port
    }

    /// Runs one in `folder`, which is there, while `body` does.
    public static func running(
        in folder: String, _ body: @escaping @Sendable (PretendService) async throws -> Void
    ) async throws {
        _ = try await Subprocess.run(
            .path(FilePath(Tool.supportFile("pretend-service"))), arguments: [folder], environment: .inherit,
            input: .none, output: .discarded, error: .string(limit: 1 << 20)
        ) { execution in
            defer { kill(execution.processIdentifier.value, SIGKILL) }
            let end = ContinuousClock.now + .seconds(240)
            while ContinuousClock.now < end {
                if let text = try? String(contentsOf: URL(filePath: folder + "/port"), encoding: .utf8),
                    let port = Int(text)
                {
                    return try await body(PretendService(folder: folder, port: port))
                }
                try await Task.sleep(for: .milliseconds(10))
            }
            throw Tool.Failure(description: "pretend-service does not begin")
        }
    }

    /// Puts a file into its folder.
    public func put(_ name: String, _ text: String = "") throws {
        try Data(text.utf8).write(to: URL(filePath: folder + "/" + name))
    }

    /// Removes a file of its folder.
    public func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: folder + "/" + name) }

    /// A scenario that observes it, for `Scenario(text:file:)`.
    public var scenario: String {
        """
        scenario: D
        title: a service that is broken
        runbook: runbook.md
        objective: {rpo-database: 10s, rpo-files: 10s, degraded: 1h, full: 2h}
        faults:
          - {kind: run, host: operator, script: "true"}
        probes:
          front: {url: "http://127.0.0.1:\(port)/health", every: 0.05, timeout: 1, threshold: 2}
        beats:
          every: 0.02
          timeout: 2
          sign-in:
            - {method: POST, url: "http://127.0.0.1:\(port)/sign-in", body: '{"user": "observer"}', captures: {s: cookie session}}
          write:
            - method: POST
              url: "http://127.0.0.1:\(port)/beats/{beat}"
              headers: {cookie: "session={s}"}
              body: "{content}"
              status: 201
              captures: {id: file.0.id}
          read-row: {url: "http://127.0.0.1:\(port)/rows/{id}", headers: {cookie: "session={s}"}, contains: "{content}"}
          read-file: {url: "http://127.0.0.1:\(port)/files/{id}", headers: {cookie: "session={s}"}, equals: "{content}"}
          minimum: 5
        detected-by: [front]
        recovered-by: [front]

        """
    }
}
