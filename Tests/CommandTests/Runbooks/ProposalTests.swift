import DataSources
import FoundationEssentials
import Glibc
import Runbooks
import Subprocess
import SystemPackage
import TestSupport
import Testing

@Suite(
    "Which transaction runbook D proposes",
    .enabled(if: getenv("CI") != nil || access("/usr/bin/jq", X_OK) == 0, "Tests/Support/install-packages runbooks"))
struct ProposalTests {
    /// A transaction as `find-event --json` tells it: at a second, what it did to which table, with how many rows.
    struct Transaction: Sendable {
        let second: Int
        let changes: [(action: String, table: String, rows: Int?)]

        init(_ second: Int, _ changes: (String, String, Int?)...) {
            self.second = second
            self.changes = changes.map { ($0.0, $0.1, $0.2) }
        }

        var json: String {
            get throws {
                let changes = changes.map { change in
                    FoundTransaction.Change(
                        action: change.action, table: change.table, rowCount: change.rows.map { UInt64($0) },
                        statement: change.rows == nil ? "…" : nil)
                }
                let found = FoundTransaction(
                    file: "binlog.000001", offset: 4, timeline: 1, position: "0-1-\(second)",
                    time: 1_795_000_000 + Double(second), changes: changes)
                return String(decoding: try JSONEncoder().encode(found), as: UTF8.self)
            }
        }

        var isStatement: Bool { changes.contains { $0.rows == nil } }
    }

    /// Carries the proposal out with a `lifeboat` that finds these; nil when it proposes nothing.
    private func proposed(_ transactions: [Transaction]) async throws -> String? {
        let place = try Workplace()
        let runbook = try Runbook(
            text: String(
                decoding: Data(contentsOf: URL(filePath: RunbookStage.folder + "/D-database-corruption.md")),
                as: UTF8.self), file: "D.md")
        let script = runbook.actions.compactMap { action in
            if case .decision(let decision) = action { decision.proposal?.text } else { nil }
        }.first
        for (name, isStatement) in [("statements", true), ("rows", false)] {
            let fitting = try transactions.filter { $0.isStatement == isStatement }.map { try $0.json }
                .joined(separator: ",")
            try place.write("{\"source\":\"db\",\"transactions\":[\(fitting)]}\n", to: name + ".json")
        }
        try place.write(
            """
            #!/bin/sh
            case " $* " in
                *" --action drop "*) cat "$HOME/statements.json" ;;
                *" --action update "*) cat "$HOME/rows.json" ;;
                *) exit 64 ;;
            esac

            """, to: "bin/lifeboat", mode: 0o755)
        var variables = place.environment
        variables["PATH"] = place.path("bin") + ":/usr/bin:/bin"
        variables["CONFIG"] = place.path("lifeboat.yaml")
        variables["SOURCE"] = "db"
        let result = try await Subprocess.run(
            .path("/bin/sh"), arguments: ["-eu", "-c", try #require(script)], environment: Program.variables(variables),
            input: .none, output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
        guard Program.status(result.terminationStatus) == 0 else {
            #expect(result.standardError.contains("nothing unusual"), "\(result.standardError)")
            return nil
        }
        return result.standardOutput.split(separator: "\n").last.map(String.init)
    }

    /// A day of work: a job that empties a table each hour, and one that makes and drops a table.
    static let usual: [Transaction] = (0..<24).flatMap { hour in
        [
            Transaction(hour * 3600, ("delete", "app.removals", 400 + hour)),
            Transaction(hour * 3600 + 60, ("drop", "app.report", nil)),
            Transaction(hour * 3600 + 120, ("update", "app.files", 4)),
        ]
    }

    @Test(
        "each kind of damage is found among what is usual",
        arguments: [
            [Transaction(50_000, ("drop", "app.shares", nil))], [Transaction(50_000, ("truncate", "app.users", nil))],
            [Transaction(50_000, ("update", "app.users", 12))], [Transaction(50_000, ("update", "app.files", 5000))],
            [
                Transaction(
                    50_000, ("delete", "app.shares", 3), ("delete", "app.files", 900), ("delete", "app.users", 4))
            ],
            // A deploy of three statements, the first of which did the least.
            [
                Transaction(50_000, ("update", "app.users", 12)), Transaction(50_001, ("delete", "app.files", 900)),
                Transaction(50_002, ("drop", "app.shares", nil)),
            ],
            // What somebody tidied up an hour before is none of it.
            [Transaction(46_400, ("delete", "app.tags", 30)), Transaction(50_000, ("drop", "app.shares", nil))],
        ])
    func found(damage: [Transaction]) async throws {
        let all = (Self.usual + damage).sorted { $0.second < $1.second }
        #expect(try await proposed(all) == "0-1-50000")
    }

    @Test("where nothing is unusual nothing is proposed: a person has to look further", arguments: [true, false])
    func nothing(hasWork: Bool) async throws {
        #expect(try await proposed(hasWork ? Self.usual : []) == nil)
    }
}
