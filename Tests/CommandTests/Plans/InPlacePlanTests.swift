import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage
import TestSupport
import Testing

extension ServiceSuites {
    @Suite("A restore in place with real servers", .enabled(if: Service.isExpected, "\(Service.install)"))
    struct InPlacePlanTests {
        /// A server, how its rows are counted, and how one more gets in.
        enum Engine: String, CaseIterable, Sendable {
            case mariadb, postgresql

            var source: String { self == .mariadb ? "db" : "directory" }

            var part: Service.Part { self == .mariadb ? .mariadb("physical") : .postgresql("physical") }

            func count(_ service: Service) async throws -> Int {
                let server = try service.server(source)
                let text =
                    self == .mariadb
                    ? try await ServiceData.mariadb(server, ServiceData.mariadbCount)
                    : try await ServiceData.postgresql(server, ServiceData.postgresqlCount, "app")
                return try #require(Int(text.filter(\.isNumber)))
            }

            func add(_ service: Service) async throws {
                let server = try service.server(source)
                if self == .mariadb {
                    try await ServiceData.mariadb(server, "INSERT INTO app.files VALUES (100000, 'late', 1)")
                } else {
                    try await ServiceData.postgresql(server, "INSERT INTO people VALUES (100000, 'late')", "app")
                }
            }
        }

        private func service(_ engine: Engine) async throws -> Service {
            let service = try await Service([engine.part])
            try await service.done("backup", "nightly")
            try await engine.add(service)
            return service
        }

        private func arguments(_ engine: Engine) -> [String] {
            ["restore", "--point", "latest", "--source", engine.source, "--in-place", "--confirm", engine.source]
        }

        @Test("rows are those of the point, and an undo brings the later ones back", arguments: Engine.allCases)
        func whole(_ engine: Engine) async throws {
            let service = try await service(engine)
            let before = try service.place.list("state")
            let dry = await service.place.run(arguments(engine) + ["--dry-run"])
            #expect(
                dry.status == 0 && dry.output.hasSuffix("nothing was changed, since this was a dry run\n"), "\(dry)")
            #expect(try service.place.list("state") == before)
            #expect(try await engine.count(service) == ServiceData.rowCount + 1)

            let restore = await service.place.run(arguments(engine))
            #expect(restore.status == 0, "\(restore)")
            #expect(try await engine.count(service) == ServiceData.rowCount)
            let undo = await service.run("restore", "--undo", "--source", engine.source)
            #expect(undo.status == 0, "\(undo)")
            #expect(try await engine.count(service) == ServiceData.rowCount + 1)
        }

        @Test(
            "killed at a step, the same command ends it well",
            arguments: Engine.allCases, ["building", "verified", "stopped", "exchanged"])
        func killed(_ engine: Engine, _ step: String) async throws {
            let service = try await service(engine)
            let server = try service.server(engine.source)
            // The commands wait to be killed where the step is written down before they run.
            let wait = service.place.path("wait")
            #expect(mkfifo(wait, 0o600) == 0)
            let scripts = Tool.supportFile("staging")
            let hold = { (here: String) in step == here ? "echo $$ > '\(wait).pid'; cat '\(wait)'; " : "" }
            try service.set(
                engine.source, "stop",
                "\"\(hold("verified"))bash \(scripts)/stop \(server.folder) \(server.kind.rawValue)\"")
            try service.set(
                engine.source, "start",
                "\"\(hold("exchanged"))bash \(scripts)/start-\(server.kind.rawValue) \(server.folder)\"")
            let journal = service.place.path("state/in-place-\(engine.source).json")
            let result = try await Subprocess.run(
                .path(FilePath(Program.path)), arguments: Arguments(arguments(engine)),
                environment: Program.variables(service.place.environment), input: .none,
                output: .string(limit: 1 << 20),
                error: .string(limit: 1 << 20)
            ) { execution in
                try await Journal.wait(for: step, in: journal)
                if ["verified", "exchanged"].contains(step) { _ = try await FifoEnd(wait) }
                #expect(kill(execution.processIdentifier.value, SIGKILL) == 0)
            }
            #expect(Program.status(result.terminationStatus) == 128 + SIGKILL, "\(result.standardError)")
            // A command that was still running would go on by itself; here it dies with the program.
            if let text = try? service.place.read("wait.pid"), let pid = pid_t(text.filter(\.isNumber)) {
                kill(-pid, SIGKILL)
            }
            try service.set(
                engine.source, "stop", "bash \(scripts)/stop \(server.folder) \(server.kind.rawValue)")
            try service.set(engine.source, "start", "bash \(scripts)/start-\(server.kind.rawValue) \(server.folder)")
            let again = await service.place.run(arguments(engine))
            #expect(again.status == 0, "\(again)")
            #expect(try await engine.count(service) == ServiceData.rowCount)
            let undo = await service.run("restore", "--undo", "--source", engine.source)
            #expect(undo.status == 0, "\(undo)")
            #expect(try await engine.count(service) == ServiceData.rowCount + 1)
            let left = try FileManager.default.contentsOfDirectory(atPath: server.folder)
            #expect(left.filter { $0.contains("lifeboat-new") }.isEmpty)
        }
    }

    /// The journal of a restore in place, looked at from outside.
    enum Journal {
        private struct Content: Decodable { let step: String }

        /// Until the step, or a later one, is written down; a minute at most.
        static func wait(for step: String, in path: String) async throws {
            let steps = ["building", "verified", "stopped", "exchanged", "finished"]
            let wanted = steps.firstIndex(of: step) ?? 0
            let deadline = ContinuousClock.now.advanced(by: .seconds(60))
            while ContinuousClock.now < deadline {
                if let data = try? Data(contentsOf: URL(filePath: path)),
                    let content = try? JSONDecoder().decode(Content.self, from: data),
                    steps.firstIndex(of: content.step) ?? 0 >= wanted
                {
                    return
                }
                usleep(500)
            }
            Issue.record("the journal never had the step \(step)")
        }
    }
}
