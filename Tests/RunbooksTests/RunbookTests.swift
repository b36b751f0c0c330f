import Testing

@testable import Runbooks

@Suite("Runbooks")
struct RunbookTests {
    static let good = """
        ---
        title: Database corruption
        scenario: D
        owner: platform team
        review-by: 2027-02-01
        objective: {degraded: 1h, full: 2h}
        variables: [SOURCE]
        ---
        # Database corruption

        ## Detection

        | probe | means |
        |---|---|
        | list | rows |

        ## Escalation

        Call.

        ## Recovery

        ```sh {step="freeze" on="app1" timeout="2m" phase="decide"}
        service app stop
        ```

        ```sh {verify="freeze" on="app1" timeout="30s"}
        ! service app status
        ```

        ```decision {decision="moment" sets="POSITION" timeout="20m"}
        Which transaction did it?
        ```

        ```sh {proposes="moment" on="operator" timeout="2m"}
        lifeboat find-event "$SOURCE" --drop files
        ```

        ```sh {step="restore" on="operator" timeout="1h" phase="replay"}
        lifeboat restore --before-position "$POSITION" --in-place
        ```

        ```sh {verify="restore" on="operator" timeout="30s"}
        lifeboat --version
        ```

        ## Verification

        Look.

        ## Communication

        Tell.

        ## Failback

        None.
        """

    static let check = RunbookCheck(hosts: ["app1"], variables: ["SOURCE"], today: "2026-11-21")

    @Test("what a good one holds is read: head, sections, steps with what verifies them, decisions with what proposes")
    func reads() throws {
        let runbook = try Runbook(text: Self.good, file: "D.md")
        #expect(runbook.head.title == "Database corruption" && runbook.head.full == .seconds(7200))
        #expect(runbook.sections.compactMap(\.kind) == Runbook.SectionKind.allCases)
        #expect(runbook.actions.map(\.id) == ["freeze", "moment", "restore"])
        guard case .step(let freeze) = runbook.actions[0], case .decision(let moment) = runbook.actions[1] else {
            Issue.record("a step and a decision were wanted")
            return
        }
        #expect(freeze.script.host == "app1" && freeze.script.timeout == .seconds(120) && freeze.phase == .decide)
        #expect(freeze.script.line == 23 && freeze.verification?.text == "! service app status\n")
        #expect(moment.sets == "POSITION" && moment.question == "Which transaction did it?")
        #expect(moment.proposal?.text.contains("find-event") == true)
        guard case .text(let html, _, _) = runbook.sections[1].items[0] else {
            Issue.record("a table was wanted")
            return
        }
        #expect(html.contains("<table>"))
        #expect(Self.check.problems(of: runbook).isEmpty, "\(Self.check.problems(of: runbook))")
    }

    @Test(
        "each thing that is wrong is found in its line",
        arguments: [
            ("## Communication\n", "## Comunication\n", RunbookProblem.Kind.sectionMissing, 1),
            ("on=\"app1\" timeout=\"2m\"", "on=\"app2\" timeout=\"2m\"", .unknownHost, 23),
            ("\"$SOURCE\"", "\"$SERVICE\"", .unknownVariable, 35),
            ("\"$POSITION\"", "\"$BAD_GTID\"", .forbiddenVariable, 39),
            ("on=\"app1\" timeout=\"30s\"", "on=\"app1\"", .timeoutMissing, 27),
            ("2027-02-01", "2026-11-20", .reviewOverdue, 1),
            ("variables: [SOURCE]", "variables: [SOURCE, STORE]", .unknownVariable, 1),
        ])
    func checks(old: String, new: String, kind: RunbookProblem.Kind, line: Int) throws {
        let runbook = try Runbook(text: Self.good.replacing(old, with: new), file: "D.md")
        let problems = Self.check.problems(of: runbook)
        #expect(problems.map(\.kind) == [kind] && problems.map(\.line) == [line], "\(problems)")
    }

    @Test(
        "what cannot be read is refused with its line",
        arguments: [
            ("step=\"restore\"", "step=\"freeze\"", 39), ("phase=\"replay\"", "phase=\"repaly\"", 39),
            ("verify=\"freeze\"", "verify=\"freze\"", 27), ("timeout=\"20m\"", "timeout=\"soon\"", 31),
            ("owner: platform team\n", "", 2), ("sets=\"POSITION\"", "sets=\"position\"", 31),
            ("```sh {step=\"freeze\"", "```bash {step=\"freeze\"", 23), ("on=\"app1\" timeout=\"2m\"", "on=app1", 23),
        ])
    func refuses(old: String, new: String, line: Int) {
        let error = #expect(throws: RunbookError.self) {
            try Runbook(text: Self.good.replacing(old, with: new), file: "D.md")
        }
        #expect(error?.problems.first?.line == line, "\(error as Any)")
    }

    @Test(
        "variables of shell text are those that it reads and does not set itself",
        arguments: [
            ("echo \"$A ${B:-x}\"", ["A", "B"]), ("A=1; echo $A", []), ("echo '$A' # $B", []),
            ("for F in $LIST; do echo $F; done", ["LIST"]),
            ("echo $$ $1 $? $lower ${C#x}", ["C"]), ("echo \\$A", []), ("while read LINE; do echo \"$LINE\"; done", []),
            ("A=$B", ["B"]), ("echo \"it's $A\"", ["A"]),
        ])
    func variables(text: String, names: [String]) {
        #expect(ShellVariables.used(in: text) == names)
    }
}
