import Drills
import FoundationEssentials
import Glibc
import TestSupport
import Testing

extension ServiceSuites {
    @Suite(
        "Drills on hosts of ssh",
        .enabled(if: StagingServer.Kind.sshd.isExpected, "Tests/Support/install-packages ssh"))
    struct SSHDrillTests {
        /// A small web service that is broken and mended over ssh, with a plan that protects files.
        private struct Place: Sendable {
            let service: Service
            let server: StagingServer
            let web: PretendService

            func drill(_ words: String...) async throws -> Outcome {
                let more = ["--scenarios", service.place.path("scenarios"), "--dir", service.place.path("env")]
                return try await Program.run(
                    ["drill", "run", "S", "-e", "real"] + more + words, service.place.environment)
            }

            func environment(_ word: String) async throws -> Outcome {
                let more = ["--scenarios", service.place.path("scenarios"), "--dir", service.place.path("env")]
                return try await Program.run(["environment", word, "real"] + more, service.place.environment)
            }
        }

        private func prepared(_ body: @escaping @Sendable (Place) async throws -> Void) async throws {
            let service = try await Service([.files])
            try await service.done("backup", "nightly")
            let server = try await StagingServer(.sshd)
            let folder = service.place.path("web")
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try await PretendService.running(in: folder) { web in
                let scenario = web.scenario.replacing("scenario: D", with: "scenario: S")
                    .replacing("runbook: runbook.md", with: "runbook: runbooks/S-real.md")
                    .replacing("host: operator, script: \"true\"", with: "host: app1, script: \"touch \(folder)/down\"")
                try service.place.write(scenario + "degraded-by: [front]\n", to: "scenarios/S.yaml")
                try service.place.write(Self.runbook, to: "runbooks/S-real.md")
                let env = service.place.path("env")
                try service.place.write(
                    """
                    environment: real
                    driver: ssh
                    hosts:
                      app1:
                        address: \(server["SSHD_HOST"])
                        user: \(server["SSHD_USER"])
                        port: \(server["SSHD_PORT"])
                        key: \(server["SSHD_KEY"])
                        known-hosts: \(server["SSHD_KNOWN_HOSTS"])
                        data: [\(folder)]
                    up: "mkdir -p \(env) && touch \(env)/environment.env"
                    clear: "rm -f \(folder)/down"
                    down: "rm -rf \(env)"
                    variables:
                      - PLACE=\(folder)
                      - PLAN=nightly
                      - CONFIG=\(service.place.path("lifeboat.yaml"))
                      - LIFEBOAT=\(Program.path)
                      - OUT=\(service.place.path("out"))
                    production: {machine-ids: [none]}
                    production-size: 1GiB

                    """, to: "scenarios/environments/real.yaml")
                try await body(Place(service: service, server: server, web: web))
            }
        }

        @Test("a drill over ssh runs only as somebody else approved it, and leaves all of its record in the repository")
        func drill() async throws {
            try await prepared { place in
                let up = try await place.environment("up")
                try #require(up.status == 0, "\(up)")
                let refused = try await place.drill()
                #expect(refused.status == 64 && refused.messages.contains("nobody but you approved"), "\(refused)")
                #expect(refused.messages.contains("lifeboat runbook approve S"))
                #expect(!FileManager.default.fileExists(atPath: place.service.place.path("state/drills")))
                try await place.service.done("runbook", "approve", "S")
                let first = try await place.drill("--seed", "3")
                try #require(first.status == 0, "\(first)")
                #expect(first.messages.contains("DEGRADED service is up"), "\(first)")
                try await records(place)

                // Any edit asks for it anew.
                try place.service.place.write(Self.runbook + "One more word.\n", to: "runbooks/S-real.md")
                let edited = try await place.drill()
                #expect(edited.status == 64 && edited.messages.contains("nobody but you approved"), "\(edited)")
                let down = try await place.environment("down")
                #expect(down.status == 0)
            }
        }

        private func records(_ place: Place) async throws {
            let shown = try await place.service.done("drill", "show", "latest", "--json")
            let payload = try JSONDecoder().decode(DrillEventPayload.self, from: Data(shown.utf8))
            let test = payload.test
            #expect(test.verdict == "pass" && test.approvedBy?.count == 16 && test.performedBy?.count == 16)
            #expect(test.approvedBy != test.performedBy && test.isPlanChangedSinceLast == nil)
            #expect(test.reportObject == "lifeboat/drills/\(test.id)" && test.degradedAt != nil)
            let (bytes, scale) = (try #require(test.dataByteCount), try #require(test.scalePercent))
            #expect(bytes > 0 && scale > 0 && scale < 50)
            // By the ledger: the newest point, and files stand at no position.
            let points = try await place.service.done("points", "show", "latest", "--json")
            #expect(points.contains(try #require(test.pointID)) && test.targetPosition == nil, "\(points)")
            #expect(
                payload.steps.map(\.logObject)
                    == ["bring", "mend", "look"].map { "lifeboat/drill-logs/\(test.id)/\($0)" })
            let text = try await place.service.done("runbook", "show", "S")
            #expect(text.contains("in drills: "), "\(text)")

            let here = try await place.service.done("drill", "report", test.id)
            #expect(here.contains("of size, the whole would take"), "\(here)")
            try FileManager.default.removeItem(atPath: place.service.place.path("state/drills"))
            #expect(try await place.service.done("drill", "report", test.id) == here)
            let json = try await place.service.done("drill", "report", test.id, "--json")
            #expect(json.contains("\"exposure_seconds\""), "\(json)")
            let log = try await place.service.done("drill", "report", test.id, "--step", "bring")
            #expect(log.contains("-- attempt 1, verification") && log.contains("exited with 0"), "\(log)")
            let unsealed = try place.service.place.read("repository/lifeboat/drill-logs/\(test.id)/bring")
            #expect(!unsealed.contains("attempt"))
            let none = await place.service.run("drill", "report", test.id, "--step", "brnig")
            #expect(none.status == 64 && none.messages.contains("it has: bring, mend, look"), "\(none)")
            let sealed = try place.service.place.read("repository/lifeboat/drills/\(test.id)")
            #expect(!sealed.contains("rto_full") && !sealed.contains("verdict"))
            let unknown = await place.service.run("drill", "report", "D-7")
            #expect(unknown.status == 64 && unknown.messages.contains("no drill is called `D-7`"), "\(unknown)")
            #expect(unknown.messages.contains("drill list"))
        }

        private static let runbook = """
            ---
            title: Small
            scenario: S
            owner: tests
            review-by: 2099-01-01
            objective: {full: 2h}
            variables: [PLACE, CONFIG, LIFEBOAT, OUT]
            ---

            ## Detection

            It is down.

            ## Escalation

            Nobody.

            ## Recovery

            ```sh {step="bring" on="operator" timeout="2m" phase="fetch"}
            "$LIFEBOAT" --config "$CONFIG" restore --point latest --source uploads --to "$OUT" >&2
            ```

            ```sh {verify="bring" on="operator" timeout="1m"}
            test -s "$OUT/$(cd "$OUT" && find . -name 5.txt)"
            ```

            ```sh {step="mend" on="app1" timeout="1m" phase="replay"}
            rm "$PLACE/down"
            ```

            ```sh {verify="mend" on="app1" timeout="1m"}
            test ! -e "$PLACE/down"
            ```

            ```sh {step="look" on="app1" timeout="1m" phase="verify"}
            sleep 2
            ```

            ```sh {verify="look" on="app1" timeout="1m"}
            true
            ```

            ## Verification

            Look.

            ## Communication

            Tell.

            ## Failback

            None.

            """
    }
}
