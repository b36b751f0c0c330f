import Sealing
import Testing

@testable import Runbooks

@Suite("What is said of a runbook")
struct RunbookMessageTests {
    /// Lines as `check` prints them.
    private func lines(_ problems: [RunbookProblem]) -> [String] {
        problems.map { "\($0.line): \($0.message)" + ($0.hint.isEmpty ? "" : "; \($0.hint)") }
    }

    @Test("messages of a runbook with many things wrong")
    func messages() throws {
        var text = RunbookTests.good
        for (old, new) in [
            ("review-by: 2027-02-01", "review-by: 2026-01-31"),
            ("variables: [SOURCE]", "variables: [SOURCE, FAULT_TIME]"),
            ("| list | rows |", "| list | {{rows}} |"), ("service app stop", "echo '{{service}}'"),
            ("{verify=\"freeze\" on=\"app1\"", "{verify=\"freeze\" on=\"ap1\""), ("\"$SOURCE\"", "\"$SORCE\""),
            ("## Failback", "## Fallback"), (" timeout=\"1h\"", ""),
        ] { text = text.replacing(old, with: new) }
        let problems = RunbookTests.check.problems(of: try Runbook(text: text, file: "D.md"))
        #expect(
            lines(problems) == [
                "1: has no section `Failback`; add `## Failback`",
                "1: should have been read again by 2026-01-31; platform team reads it against the service as it is, and sets "
                    + "the next `review-by`",
                "1: `FAULT_TIME` would tell what has to be found out; find it as an operator does: `lifeboat timeline`, "
                    + "`lifeboat find-event`",
                "13: `{{rows}}` stands for nothing; there are: {{contacts}}, {{service}}",
                "23: `{{service}}` in shell text is never filled in; pass it as a variable of the environment",
                "27: verification of `freeze` is for `ap1`, which the environment does not have; it has: app1, operator",
                "35: proposal for `moment` reads `$SORCE`, which nobody has set by then; set it by an earlier `sets=`, or by "
                    + "`variables:` of the environment",
                "39: step `restore` has no timeout; add timeout=\"15m\"",
            ])
    }

    @Test("an edit after the approval, and after the drill that passed, is told; a green drill of this version is not")
    func history() throws {
        let runbook = try Runbook(text: RunbookTests.good, file: "D.md")
        let edited = try Runbook(text: RunbookTests.good + "\nOne more word.\n", file: "D.md")
        let history = RunbookHistory(
            approvals: [
                .init(scenario: "D", file: "D.md", digest: runbook.digest.hex, author: nil, approvedBy: "anna")
            ],
            drills: [
                .init(scenario: "D", verdict: "pass", runbookDigest: runbook.digest.hex, steps: nil),
                .init(scenario: "D", verdict: "fail", runbookDigest: edited.digest.hex, steps: nil),
            ])
        #expect(history.problems(of: runbook, wantsApproval: true).isEmpty)
        #expect(history.problems(of: edited, wantsApproval: true).map(\.kind) == [.drift, .notApproved])
        #expect(history.problems(of: edited, wantsApproval: false).map(\.kind) == [.drift])
        #expect(RunbookHistory().problems(of: runbook, wantsApproval: true).map(\.message) == ["was never approved"])
    }

    @Test("an approval of one's own does not count where somebody else is wanted")
    func secondPerson() throws {
        let runbook = try Runbook(text: RunbookTests.good, file: "D.md")
        let history = RunbookHistory(approvals: [
            .init(scenario: "D", file: "D.md", digest: runbook.digest.hex, author: nil, approvedBy: "anna")
        ])
        #expect(history.approval(of: runbook.digest) != nil)
        #expect(history.approval(of: runbook.digest, byOtherThan: "bert") != nil)
        #expect(history.approval(of: runbook.digest, byOtherThan: "anna") == nil)
    }

    @Test("measured times come from drills of the same scenario that passed, the last five of each step")
    func durations() throws {
        let runbook = try Runbook(text: RunbookTests.good, file: "D.md")
        let drills = (1...7).map { number in
            RunbookHistory.Drill(
                scenario: number == 7 ? "A" : "D", verdict: "pass", runbookDigest: "",
                steps: [.init(step: "freeze", seconds: Double(number)), .init(step: "restore", seconds: nil)])
        }
        let failed = RunbookHistory.Drill(
            scenario: "D", verdict: "fail", runbookDigest: "", steps: [.init(step: "freeze", seconds: 99)])
        #expect(RunbookHistory(drills: drills + [failed]).durations(of: runbook) == ["freeze": [2, 3, 4, 5, 6]])
    }
}
