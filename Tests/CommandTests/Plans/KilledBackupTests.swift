import Glibc
import Subprocess
import SystemPackage
import TestSupport
import Testing

extension ServiceSuites {
    @Suite("A run of a plan that does not come to its end")
    struct KilledBackupTests {
        /// A plan whose second source never ends until `go` is written to.
        private func place() async throws -> (service: Service, go: String) {
            let service = try await Service([.sqlite, .files])
            let go = service.place.path("go")
            #expect(mkfifo(go, 0o600) == 0)
            try service.set("uploads", "before", "[\"cat '\(go)'\"]")
            return (service, go)
        }

        /// Starts the real program and calls `body` when its first part is done and the second has begun.
        private func started(
            _ service: Service, _ go: String, _ body: (pid_t) async throws -> Void
        ) async throws -> Outcome {
            let result = try await Subprocess.run(
                .path(FilePath(Program.path)), arguments: ["backup", "nightly"],
                environment: Program.variables(service.place.environment), input: .none,
                output: .string(limit: 1 << 20),
                error: .string(limit: 1 << 20)
            ) { execution in
                // Opened for writing as soon as the hook of the second source reads it.
                let end = try await FifoEnd(go)
                try await body(execution.processIdentifier.value)
                end.close()
            }
            return Outcome(
                status: Program.status(result.terminationStatus), output: result.standardOutput,
                messages: result.standardError)
        }

        @Test(
            "killed after its first part, it leaves no point, its snapshot is told and removed, the next run is whole")
        func killed() async throws {
            let (service, go) = try await place()
            let outcome = try await started(service, go) { pid in
                let snapshots = try service.place.list("repository/snapshots")
                #expect(snapshots.count == 1)
                #expect(kill(pid, SIGKILL) == 0)
            }
            #expect(outcome.status == 128 + SIGKILL)
            let points = await service.run("points")
            #expect(points.status == 0 && points.output == "no recovery points yet; `lifeboat backup PLAN` makes one\n")
            #expect(
                points.messages
                    == "note: 1 snapshot of runs that ended in the middle; `lifeboat retention apply` removes them\n")
            try service.set("uploads", "before", nil)
            let next = await service.run("backup", "nightly")
            #expect(next.status == 0, "\(next)")
            #expect(try service.place.list("repository/snapshots").count == 3)
            // The dead run's lock names another host than the tests' commands do, so the program itself clears it away.
            let unlocked = try await Program.run(["unlock", "--repo", service.place.repository], passwords(service))
            #expect(unlocked.status == 0, "\(unlocked)")
            let applied = await service.run("retention", "apply")
            #expect(applied.status == 0, "\(applied)")
            #expect(applied.output.contains("1 snapshot of runs that ended in the middle removed"), "\(applied.output)")
            #expect(try service.place.list("repository/snapshots").count == 2)
            #expect(await service.run("verify").status == 0)
            try await service.place.restic("check", "--read-data")
        }

        private func passwords(_ service: Service) -> [String: String] {
            service.place.environment.merging(["LIFEBOAT_PASSWORD_FILE": service.place.passwordFile]) { $1 }
        }

        @Test("started a second time, the second ends with 11 at once, and the first is whole")
        func twice() async throws {
            let (service, go) = try await place()
            let outcome = try await started(service, go) { pid in
                let second = await service.run("backup", "nightly")
                #expect(second.status == 11, "\(second)")
                #expect(kill(pid, 0) == 0, "the first must not have ended, or the second has waited for it")
                #expect(second.errorLines.first == "error: the plan nightly is running already as process \(pid)")
                #expect(second.errorLines.last == "hint:  wait for it to end; nothing was done")
            }
            #expect(outcome.status == 0, "\(outcome)")
            let points = try [PointJSON].json(try await service.done("points", "--json"))
            #expect(points.map(\.state) == ["whole"])
        }

        @Test("a signal ends it with 130, and there is no point")
        func interrupted() async throws {
            let (service, go) = try await place()
            let outcome = try await started(service, go) { pid in
                #expect(kill(pid, SIGTERM) == 0)
            }
            #expect(outcome.status == 130, "\(outcome)")
            #expect(try [PointJSON].json(try await service.done("points", "--json")).isEmpty)
            #expect(try service.place.list("repository/locks").isEmpty)
        }
    }

    /// The end of a FIFO that somebody reads.
    final class FifoEnd: Sendable {
        private let descriptor: Int32

        /// Waits, half a minute at most, until somebody reads.
        init(_ path: String) async throws {
            let deadline = ContinuousClock.now.advanced(by: .seconds(30))
            while true {
                let descriptor = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
                if descriptor >= 0 {
                    self.descriptor = descriptor
                    return
                }
                guard errno == ENXIO, ContinuousClock.now < deadline else { throw SystemError("nobody reads \(path)") }
                try await Task.sleep(for: .milliseconds(5))
            }
        }

        /// Lets the reader go on.
        func close() { Glibc.close(descriptor) }
    }
}
