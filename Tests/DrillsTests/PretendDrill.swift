import FoundationEssentials
import Glibc
import Runbooks
import Sealing
import Synchronization
import TestSupport
import Testing

@testable import Drills

/// A drill of a "service" that is one file: `broken` is there or it is not. All in a folder, so that a process that dies and one
/// that goes on see the same.
struct PretendDrill: Sendable {
    let path: String
    var folder: DrillFolder { DrillFolder(path + "/drill") }

    init(at path: String) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path + "/drill", withIntermediateDirectories: true)
    }

    static func scenario() throws -> Scenario {
        let text = ScenarioFieldsTests.scenario.replacing("${APP}", with: "127.0.0.1:1")
        var scenario = try Scenario(text: text, file: "D.yaml")
        scenario.probes = scenario.probes.filter { $0.name == "list" }
        return scenario
    }

    static func runbook(_ recovery: String = "rm broken") throws -> Runbook {
        let text = SmallRunbook.text(
            recovery: """
                ```sh {step="look" on="operator" timeout="1m" sets="FOUND"}
                echo looked >> looks
                echo "it's $NAME"
                ```

                ```decision {decision="what" sets="WHAT" timeout="1m"}
                What is to be done?
                ```

                ```sh {proposes="what" on="operator" timeout="1m"}
                echo "propose: $FOUND"
                ```

                ```sh {step="mend" on="operator" timeout="1m"}
                test "$WHAT" = "propose: it's db"
                echo mended >> mends
                \(recovery)
                ```

                ```sh {verify="mend" on="operator" timeout="1m"}
                test ! -e broken
                ```
                """)
        return try Runbook(text: text, file: "t.md")
    }

    func run(
        _ runbook: Runbook, watch: @escaping @Sendable (DrillRecord) -> Void = { _ in },
        parts more: (inout DrillRun.Parts) -> Void = { _ in }
    ) throws -> DrillRun {
        let environment = try DrillEnvironment(
            text: "environment: t\ndriver: local\nhosts: {}\nup: x\ndown: x\nclear: x\n", file: "t.yaml")
        let reach = EnvironmentReach(
            environment, variables: ["PATH": getenv("PATH").map { String(cString: $0) } ?? "/bin"], folder: path)
        var parts = DrillRun.Parts(
            reach: reach, safety: Safe(), observer: Observer(path: path, folder: folder),
            injector: Injector(path: path),
            person: Unattended(), examiner: Nothing(), clearing: Clearing(path: path))
        more(&parts)
        return DrillRun(
            try Self.scenario(), runbook, in: folder, variables: ["NAME": "db"], parts: parts, watch: watch
        ) { records in
            records.contains { $0.event == .recovered } ? .pass : .fail
        }
    }

    static let beginning: DrillBeginning = {
        guard case .began(let beginning) = DrillMachineTests.beginning else { preconditionFailure("it is that") }
        return beginning
    }()

    func lines(_ name: String) -> Int {
        ((try? String(contentsOf: URL(filePath: path + "/" + name), encoding: .utf8)) ?? "").count { $0 == "\n" }
    }

    private struct Safe: DrillGuard {
        func prove() async -> String? { nil }
    }

    /// Asks every 5 ms whether the file is there; all beats are acknowledged.
    private final class Observer: ObserverControl {
        private let path: String
        private let log: LineLog<ObserverRecord>
        private let task = Mutex<Task<Void, any Error>?>(nil)

        init(path: String, folder: DrillFolder) {
            self.path = path
            log = LineLog(folder.observer)
        }

        func start() async throws -> Int32 {
            try log.mend()
            let (path, log) = (path, log)
            let new = Task {
                var number = 0
                while !Task.isCancelled {
                    let now = DrillClock.system.uptime()
                    let isGood = access(path + "/broken", F_OK) != 0
                    number += 1
                    try log.append(.probe(name: "list", at: now, seconds: 0, isGood: isGood, reason: nil))
                    if isGood { try log.append(.acknowledged(number: number, at: now)) }
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
            task.withLock {
                $0?.cancel()
                $0 = new
            }
            return getpid()
        }

        func readBack() async throws -> Int { 1 }
        func stop() async { task.withLock { $0?.cancel() } }
    }

    private struct Injector: FaultInjector {
        let path: String
        func inject(_ fault: Int) async throws { try Data().write(to: URL(filePath: path + "/broken")) }
    }

    private struct Nothing: DrillExaminer {
        func examine() async -> [(what: String, failure: String?)] { [("fence", nil)] }
    }

    private struct Clearing: StagingClearing {
        let path: String
        func clear() async throws {
            unlink(path + "/broken")
            try Data("cleared\n".utf8).write(to: URL(filePath: path + "/cleared"))
        }
    }
}
