import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// `lifeboat journal run` as a process beside the servers of a service.
enum JournalProcess {
    /// What `journal status --json` says of a source.
    struct Status: Decodable {
        struct Span: Decodable { var to: String }
        var is_running: Bool
        var timeline: UInt32?
        var server_position: String?
        var spans: [Span]
        var problems: [String]
    }

    private struct Answer: Decodable { var journals: [Status] }

    /// Runs it while `body` does, and ends it in order.
    static func running(_ service: Service, _ body: () async throws -> Void) async throws {
        let result = try await Subprocess.run(
            .path(FilePath(Program.path)), arguments: ["journal", "run"],
            environment: Program.variables(service.place.environment), input: .none,
            output: .string(limit: 1 << 20), error: .string(limit: 1 << 20)
        ) { execution in
            defer { kill(execution.processIdentifier.value, SIGTERM) }
            try await body()
        }
        #expect(Program.status(result.terminationStatus) == 0, "\(result.standardError)")
    }

    /// Waits until all that the server wrote is archived, on that timeline.
    static func caughtUp(_ service: Service, timeline: UInt32) async throws {
        let end = ContinuousClock.now + .seconds(240)
        while true {
            let outcome = await service.run("journal", "status", "--json")
            try #require(outcome.output.hasPrefix("{"), "\(outcome)")
            let status = try JSONDecoder().decode(Answer.self, from: Data(outcome.output.utf8)).journals[0]
            if status.is_running, status.timeline == timeline, let to = status.spans.last?.to,
                to == status.server_position
            {
                return
            }
            try #require(ContinuousClock.now < end, "\(status)")
        }
    }
}
