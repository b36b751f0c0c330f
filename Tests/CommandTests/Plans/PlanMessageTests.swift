import Glibc
import TestSupport
import Testing

extension ServiceSuites {
    @Suite("What commands about plans and points say")
    struct PlanMessageTests {
        @Test("with --json each prints one JSON document and nothing else")
        func documents() async throws {
            let service = try await Service([.sqlite, .files])
            let commands = [
                ["doctor"], ["backup", "nightly", "--dry-run"], ["backup", "nightly"], ["points"], ["points", "list"],
                ["points", "show"], ["points", "pin", "latest"], ["verify"], ["retention", "simulate"],
                ["retention", "apply"], ["restore", "--point", "latest", "--to", service.place.path("out")],
                ["restore", "--point", "latest", "--source", "search", "--in-place", "--dry-run"],
                ["restore", "--point", "latest", "--source", "search", "--in-place", "--confirm", "search"],
                ["restore", "--undo", "--source", "search", "--dry-run"], ["restore", "--undo", "--source", "search"],
                ["config", "check"], ["config", "show"],
            ]
            for command in commands {
                let outcome = await service.place.run(command + ["--json"])
                #expect(outcome.status == 0, "\(command): \(outcome)")
                #expect(throws: Never.self, "\(command): \(outcome.output)") { try AnyJSON.json(outcome.output) }
                #expect(outcome.messages == "", "\(command)")
            }
        }

        @Test(
            "a name that is not there is told with those that are",
            arguments: [
                (["backup", "nigtly"], "nightly", 64), (["verify", "--plan", "nigthly"], "nightly", 64),
                (["doctor", "serch"], "search", 64), (["points", "--plan", "weekly"], "nightly", 64),
                (["restore", "--undo", "--source", "uplods"], "uploads", 64),
                (["retention", "simulate", "--plan", "x"], "nightly", 64),
                (["points", "show", "ffff"], "lifeboat points", 1),
                (["points", "--store", "offsite"], "main", 64),
            ])
        func names(_ arguments: [String], _ right: String, _ status: Int32) async throws {
            let service = try await Service([.sqlite, .files])
            let outcome = await service.place.run(arguments)
            #expect(outcome.status == status, "\(outcome)")
            #expect(
                outcome.errorLines.last?.hasPrefix("hint:") == true && outcome.messages.contains(right), "\(outcome)")
            let json = await service.place.run(arguments + ["--json"])
            #expect(json.output == "")
            let error = try ErrorJSON.json(json.messages)
            #expect(error.exit_code == status && error.hint.contains(right), "\(error)")
        }

        /// What is wrong, and what must be read of it.
        enum Mistake: String, CaseIterable, Sendable {
            case passwordMissing, typo, stateUnusable, repositoryMissing

            var words: [String] {
                switch self {
                case .passwordMissing: ["nowhere", "no such file"]
                case .typo: ["fil", "did you mean `file`?"]
                case .stateUnusable: ["/proc/lifeboat"]
                case .repositoryMissing: ["elsewhere", "lifeboat init"]
                }
            }

            var status: Int32 { self == .repositoryMissing ? 10 : 1 }

            func make(in service: Service) throws {
                switch self {
                case .passwordMissing: try service.configure { $0.store[1] = "password: {file: /nowhere}" }
                case .typo: try service.configure { $0.sources[0].lines[1] = "fil: /search.db" }
                case .stateUnusable: try service.configure { $0.state = "/proc/lifeboat" }
                case .repositoryMissing:
                    try service.configure { $0.store[0] = "repository: \(service.place.path("elsewhere"))" }
                }
            }
        }

        @Test("a mistake is told with what, where and what next, and there is no point", arguments: Mistake.allCases)
        func mistakes(_ mistake: Mistake) async throws {
            let service = try await Service([.sqlite, .files])
            try mistake.make(in: service)
            let outcome = await service.run("backup", "nightly")
            #expect(outcome.status == mistake.status, "\(outcome)")
            for word in mistake.words { #expect(outcome.messages.lowercased().contains(word), "\(outcome.messages)") }
            #expect(outcome.errorLines.first?.hasPrefix("error: ") == true)
            #expect(outcome.errorLines.last?.hasPrefix("hint:  ") == true, "\(outcome.messages)")
            #expect(access(service.place.path("repository/lifeboat/points"), F_OK) != 0)
        }

        @Test("a source whose secret cannot be had fails its part, in words that a person can act on")
        func secretMissing() async throws {
            let service = try await Service([.sqlite, .files])
            try service.configure {
                $0.sources[0].lines = ["kind: mariadb", "socket: /nowhere.sock", "password: {file: /nowhere}"]
            }
            let outcome = await service.run("backup", "nightly")
            #expect(outcome.status == 6, "\(outcome)")
            let told = "FAILED: /nowhere: cannot open the secret file: no such file or directory"
            #expect(outcome.messages.contains(told), "\(outcome.messages)")
            #expect(outcome.messages.contains("hint: check the path; a mounted secret may be missing"))
        }

        @Test(
            "a store that goes away in the middle fails the run, says where, and there is no point",
            .enabled(if: S3Server.Kind.gateway.isExpected, "install with Tests/Support/s3/install rgw"))
        func storeGone() async throws {
            let server = try await S3Server(.gateway)
            let service = try await Service([.sqlite, .files])
            let place = service.place
            try place.write(server.accessKeyID, to: "access-key", mode: 0o600)
            try place.write(server.secret, to: "secret-key", mode: 0o600)
            try service.configure { configuration in
                configuration.store = [
                    "repository: \(server.address(prefix: "gone"))", "password: {file: \(place.passwordFile)}",
                    "access-key: {file: \(place.path("access-key"))}",
                    "secret-key: {file: \(place.path("secret-key"))}",
                ]
            }
            try await service.done("init")
            let go = place.path("go")
            #expect(mkfifo(go, 0o600) == 0)
            try service.set("uploads", "before", "[\"cat '\(go)'\"]")
            async let run = service.run("backup", "nightly")
            let end = try await FifoEnd(go)
            try await server.kill()
            end.close()
            let outcome = await run
            #expect(outcome.status == 1, "\(outcome)")
            #expect(outcome.messages.contains("where: ") && outcome.messages.contains("hint: "), "\(outcome)")
            try await server.restart()
            #expect(try [PointJSON].json(try await service.done("points", "--json")).isEmpty)
            try await server.stop()
        }
    }

    /// Any JSON document.
    struct AnyJSON: Decodable {
        init(from decoder: any Decoder) throws { _ = try decoder.singleValueContainer() }
    }
}
