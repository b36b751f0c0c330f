import Runbooks
import TestSupport
import Testing

@testable import Drills

@Suite("A drill as a value")
struct DrillMachineTests {
    static func step(_ id: String, retries: Int = 0, together: String? = nil) -> String {
        """
        ```sh {step="\(id)" on="app1" timeout="1m" retries="\(retries)"\(together.map { " together=\"\($0)\"" } ?? "")}
        true
        ```

        """
    }

    static func machine(_ recovery: String) throws -> DrillMachine {
        DrillMachine(
            try Runbook(text: SmallRunbook.text(recovery: recovery), file: "t.md"), minimumBeatCount: 30)
    }

    static let beginning = DrillEvent.began(
        DrillBeginning(
            id: "D-1", scenario: "D", environment: "test", isAttended: false, seed: 1, runbookDigest: "", faultCount: 1,
            time: "", versions: []))

    /// What leads to the first step.
    static let before: [DrillEvent] = [
        beginning, .guarded(failure: nil), .observing(process: 1), .steady(beatCount: 30), .injecting(fault: 0),
        .injected(fault: 0), .detected(probe: "p"), .declared(by: "x", humanSeconds: 0),
    ]

    static let good = StepOutcome(exit: 0, isVerified: true, failure: nil, value: nil)
    static let bad = StepOutcome(exit: 1, isVerified: nil, failure: "exit 1", value: nil)

    private func names(_ action: DrillAction) -> [String] {
        if case .carryOut(let steps) = action { steps.map(\.id) } else { [] }
    }

    @Test("goes from the guard over fault, detection and steps to the verdict, one action at a time")
    func whole() throws {
        var machine = try Self.machine(Self.step("one"))
        var seen = [DrillAction]()
        for event in Self.before {
            machine.apply(event)
            seen.append(machine.next)
        }
        #expect(
            seen.prefix(7) == [
                .prove, .observe, .awaitBeats(count: 30), .inject(fault: 0), .inject(fault: 0), .awaitDetection,
                .declare,
            ])
        #expect(names(machine.next) == ["one"])
        machine.apply(.stepBegan(id: "one", attempt: 1))
        machine.apply(.stepEnded(id: "one", outcome: Self.good))
        var rest = [machine.next]
        for event in [.recovered, .readBack(count: 30), .examined, .cleared] as [DrillEvent] {
            machine.apply(event)
            rest.append(machine.next)
        }
        #expect(rest == [.awaitRecovery, .readBack, .examine, .clear, .conclude])
        machine.apply(.ended(.pass))
        #expect(machine.next == .nothing && machine.verdict == .pass)
    }

    @Test("a guard that refuses ends it before anything was broken")
    func guarded() throws {
        var machine = try Self.machine(Self.step("one"))
        machine.apply(Self.beginning)
        machine.apply(.guarded(failure: "this is production"))
        #expect(machine.next == .conclude && machine.stop?.contains("production") == true)
    }

    @Test("a step that fails is tried as often as it says, then staging is cleared")
    func retries() throws {
        var machine = try Self.machine(Self.step("one", retries: 1))
        Self.before.forEach { machine.apply($0) }
        machine.apply(.stepBegan(id: "one", attempt: 1))
        machine.apply(.stepEnded(id: "one", outcome: Self.bad))
        #expect(names(machine.next) == ["one"])
        machine.apply(.stepBegan(id: "one", attempt: 2))
        machine.apply(.stepEnded(id: "one", outcome: Self.bad))
        #expect(machine.next == .clear && machine.stop == "step `one` failed: exit 1")
        machine.apply(.cleared)
        #expect(machine.next == .conclude)
    }

    @Test("steps of one word run side by side, and only those that are not done are begun again")
    func together() throws {
        var machine = try Self.machine(
            Self.step("one", together: "a") + Self.step("two", together: "a") + Self.step("three"))
        Self.before.forEach { machine.apply($0) }
        #expect(names(machine.next) == ["one", "two"])
        machine.apply(.stepBegan(id: "one", attempt: 1))
        machine.apply(.stepBegan(id: "two", attempt: 1))
        machine.apply(.stepEnded(id: "one", outcome: Self.good))
        machine.apply(.resumed)
        #expect(names(machine.next) == ["two"])
        machine.apply(.stepBegan(id: "two", attempt: 1))
        machine.apply(.stepEnded(id: "two", outcome: Self.good))
        #expect(names(machine.next) == ["three"])
    }

    @Test("an answer becomes a variable of what comes after it")
    func decision() throws {
        var machine = try Self.machine(
            "```decision {decision=\"moment\" sets=\"POSITION\" timeout=\"1m\"}\nWhich?\n```\n\n" + Self.step("one"))
        Self.before.forEach { machine.apply($0) }
        guard case .decide(let decision) = machine.next else {
            Issue.record("a decision was wanted, not \(machine.next)")
            return
        }
        #expect(decision.question == "Which?")
        machine.apply(.decided(id: "moment", value: "0-1-5", by: "unattended", humanSeconds: 0))
        #expect(machine.variables == ["POSITION": "0-1-5"] && names(machine.next) == ["one"])
    }

    @Test("a fault that was begun is done once more after a death, never skipped")
    func diedInjecting() throws {
        var machine = try Self.machine(Self.step("one"))
        Self.before.prefix(5).forEach { machine.apply($0) }
        machine.apply(.resumed)
        #expect(machine.next == .inject(fault: 0))
        machine.apply(.aborted(reason: "asked"))
        #expect(machine.next == .clear, "what may be broken is brought back")
    }
}
