import Settings
import Testing

@testable import Drills

@Suite("Scenarios and environments as files")
struct ScenarioFieldsTests {
    static let scenario = """
        scenario: D
        title: a bad deploy
        runbook: runbooks/D-database-corruption.md
        objective: {rpo-database: 10s, rpo-files: 24h, degraded: 1h, full: 2h}
        faults:
          - {kind: drop-table, host: app1, table: app.files}
        probes:
          list: {url: "http://${APP}/list", every: 0.5, threshold: 4}
          name: {name: app.staging.test, server: "10.99.0.53:53", addresses: [10.99.0.11]}
        beats:
          every: 0.2
          write:
            - {method: POST, url: "http://${APP}/upload", body: "{content}", status: 201}
          read-row: {url: "http://${APP}/files/{beat}"}
          read-file: {url: "http://${APP}/files/{beat}/content", contains: "{content}"}
        detected-by: [list]
        recovered-by: [list]
        """

    private func read(_ text: String) throws -> Scenario {
        let values = try EnvironmentValues(text: "APP='127.0.0.1:8080'\n# comment\n")
        return try Scenario(text: try values.fill(text), file: "D.yaml")
    }

    @Test("a scenario is read with the environment's values in it")
    func reads() throws {
        let scenario = try read(Self.scenario)
        #expect(
            scenario.id == "D" && scenario.faults[0].table == "app.files" && scenario.objective.full == .seconds(7200))
        #expect(scenario.probes.map(\.name) == ["list", "name"] && scenario.probes[0].threshold == 4)
        #expect(scenario.probes[0].every == .milliseconds(500) && scenario.beats.every == .milliseconds(200))
        guard case .http(let request) = scenario.probes[0].question else {
            Issue.record("a request was wanted")
            return
        }
        #expect(request.url == "http://127.0.0.1:8080/list")
    }

    @Test(
        "what is wrong is told with its line",
        arguments: [
            ("detected-by: [list]", "detected-by: [lits]", 16, "list"),
            ("table: app.files", "tabel: app.files", 6, "table"),
            ("every: 0.5", "every: soon", 8, "number"), ("kind: drop-table", "kind: drop", 6, "drop-table"),
            ("list: {url: \"http://${APP}/list\", ", "list: {", 8, "one of url"),
            ("list: {url:", "list: {http: {url: \"http://x\"}, url:", 8, "another question"),
            ("server: \"10.99.0.53:53\", ", "", 9, "missing"),
        ])
    func refuses(old: String, new: String, line: Int, word: String) {
        let error = #expect(throws: SettingsError.self) { try read(Self.scenario.replacing(old, with: new)) }
        let problem = error?.problems.first { $0.line == line }
        #expect(problem.map { "\($0.text) \($0.hint)".contains(word) } == true, "\(error as Any)")
    }

    @Test("a value that is missing is told with its line, and one that could break out is refused")
    func values() throws {
        let values = try EnvironmentValues(text: "")
        let error = #expect(throws: EnvironmentValues.Malformed.self) { try values.fill(Self.scenario) }
        #expect(error?.line == 8 && error?.message.contains("${APP}") == true)
        #expect(try values.fill("a: ${B:-0}") == "a: 0" && EnvironmentValues(text: "B=7").fill("a: ${B:-0}") == "a: 7")
        #expect(throws: EnvironmentValues.Malformed.self) { try EnvironmentValues(text: "A={x: 1}\n") }
    }

    @Test("an environment is read, and what its driver needs must be there")
    func environment() throws {
        let text = """
            environment: staging
            driver: namespace
            hosts:
              app1: {address: 10.99.0.11, namespace: lb-app1, data: [/srv/db]}
            up: ./up
            down: ./down
            clear: ./clear
            variables: [SOURCE=db, "CONFIG=/etc/x=y"]
            production: {addresses: [192.0.2.1]}
            """
        let environment = try DrillEnvironment(text: text, file: "staging.yaml")
        #expect(environment.hosts[0].name == "app1" && environment.variables == ["SOURCE": "db", "CONFIG": "/etc/x=y"])
        #expect(environment.dataKind == .synthetic && environment.production.addresses == ["192.0.2.1"])
        let error = #expect(throws: SettingsError.self) {
            try DrillEnvironment(text: text.replacing(", namespace: lb-app1", with: ""), file: "staging.yaml")
        }
        #expect(error?.problems.first?.line == 4, "\(error as Any)")
    }

    @Test("both have a schema that names their keys")
    func schemas() {
        #expect(
            Scenario.schema.json().contains("detected-by") && DrillEnvironment.schema.json().contains("known-hosts"))
    }
}
