import Testing

@testable import Runbooks

@Suite("Following a runbook")
struct FollowTests {
    static let runbook: Runbook = {
        do { return try Runbook(text: RunbookTests.good, file: "D.md") } catch { preconditionFailure("\(error)") }
    }()
    static let beginning = FollowBeginning(scenario: "D", file: "D.md", digest: "d", host: "h", since: 100)

    /// What is next, as a word.
    private func word(_ machine: FollowMachine) -> String {
        switch machine.next {
        case .say(let name): "say \(name)"
        case .read(let item): "read \(item.index)"
        case .carryOut(_, let step, let attempt): "do \(step.id) \(attempt)"
        case .settle(_, let step, _): "settle \(step.id)"
        case .decide(_, let decision): "decide \(decision.id)"
        case .conclude: "conclude"
        case .nothing: "nothing"
        }
    }

    private func machine(_ events: [FollowEvent]) -> FollowMachine {
        var machine = FollowMachine(Self.runbook)
        for event in [.began(Self.beginning)] + events { machine.apply(event) }
        return machine
    }

    static let toSteps: [FollowEvent] = [
        .set(name: "SOURCE", value: "db"), .read(item: 0), .read(item: 1), .read(item: 2),
    ]
    static let done = FollowOutcome(way: .here, isVerified: true)

    @Test("a runbook is gone through in its order: variables, texts, steps, decisions, texts, the end")
    func order() {
        var machine = self.machine([])
        var words = [String]()
        while words.count < 50, machine.next != .nothing {
            words.append(word(machine))
            switch machine.next {
            case .say(let name): machine.apply(.set(name: name, value: "v"))
            case .read(let item): machine.apply(.read(item: item.index))
            case .carryOut(_, let step, let attempt):
                machine.apply(.stepBegan(id: step.id, attempt: attempt))
                machine.apply(.stepEnded(id: step.id, outcome: Self.done))
            case .decide(_, let decision): machine.apply(.decided(id: decision.id, value: "0-1-7"))
            case .conclude: machine.apply(.ended)
            case .settle, .nothing: Issue.record("\(machine.next)")
            }
        }
        #expect(
            words == [
                "say SOURCE", "read 0", "read 1", "read 2", "do freeze 1", "decide moment", "do restore 1", "read 6",
                "read 7", "read 8", "conclude",
            ])
        #expect(machine.variables == ["SOURCE": "v", "POSITION": "0-1-7"])
    }

    @Test("a step that failed is settled: retried, done, or left out, and the next comes")
    func failure() {
        let failed: [FollowEvent] =
            Self.toSteps + [
                .stepBegan(id: "freeze", attempt: 1),
                .stepEnded(id: "freeze", outcome: FollowOutcome(way: .here, failure: "exited with 1")),
            ]
        #expect(word(machine(failed)) == "settle freeze")
        #expect(word(machine(failed + [.stepBegan(id: "freeze", attempt: 2)])) == "settle freeze")
        let retried: [FollowEvent] = [
            .stepBegan(id: "freeze", attempt: 2), .stepEnded(id: "freeze", outcome: Self.done),
        ]
        #expect(word(machine(failed + retried)) == "decide moment")
        #expect(word(machine(failed + [.skipped(id: "freeze", reason: "no host")])) == "decide moment")
        #expect(word(machine(failed + [.aborted(reason: "false alarm")])) == "nothing")
    }

    @Test("a program that died while a step ran does not know how it ended, and asks")
    func died() {
        let died = machine(Self.toSteps + [.stepBegan(id: "freeze", attempt: 1), .resumed])
        guard case .settle(_, let step, let failure) = died.next else {
            Issue.record("\(died.next)")
            return
        }
        #expect(step.id == "freeze" && failure.contains("nobody knows"))
    }

    @Test("who goes back to a decision does it again, and all that comes after it")
    func back() {
        let events: [FollowEvent] =
            Self.toSteps + [
                .stepBegan(id: "freeze", attempt: 1), .stepEnded(id: "freeze", outcome: Self.done),
                .decided(id: "moment", value: "0-1-9"), .stepBegan(id: "restore", attempt: 1),
                .stepEnded(id: "restore", outcome: Self.done),
            ]
        var machine = self.machine(events)
        #expect(word(machine) == "read 6" && machine.lastDecision == "moment")
        machine.apply(.wentBack(to: "moment"))
        #expect(word(machine) == "decide moment" && machine.lastDecision == nil)
        machine.apply(.decided(id: "moment", value: "0-1-7"))
        #expect(word(machine) == "do restore 2" && machine.variables["POSITION"] == "0-1-7")
    }

    private static let records: [FollowRecord] = [
        FollowRecord(at: 110, event: .began(beginning)), FollowRecord(at: 120, event: .read(item: 0)),
        FollowRecord(at: 125, event: .stepBegan(id: "freeze", attempt: 1)),
        FollowRecord(at: 135, event: .stepEnded(id: "freeze", outcome: FollowOutcome(way: .byHand, failure: "no"))),
        FollowRecord(at: 140, event: .stepBegan(id: "freeze", attempt: 2)), FollowRecord(at: 500, event: .resumed),
        FollowRecord(at: 510, event: .stepEnded(id: "freeze", outcome: done)),
        FollowRecord(at: 570, event: .decided(id: "moment", value: "0-1-7")),
        FollowRecord(at: 571, event: .stepBegan(id: "restore", attempt: 1)),
        FollowRecord(at: 700, event: .stepEnded(id: "restore", outcome: done)),
        FollowRecord(at: 710, event: .ended), FollowRecord(at: 9000, event: .recorded),
    ]

    @Test("times of steps and phases are those of the log; when it reached the ledger is no part of them")
    func summary() throws {
        let summary = try #require(FollowSummary(Self.records, of: Self.runbook))
        // The texts before the step and the pause before it was resumed are not the step's: 5 + 10, 5, and 10.
        #expect(summary.steps.map(\.seconds) == [30, 60, 130] && summary.steps.map(\.attempts) == [2, 1, 1])
        #expect(summary.steps.map(\.outcome) == ["done", "done", "done"])
        #expect(summary.phases == ["decide": 90, "replay": 130])
        #expect(summary.recoverySeconds == 600 && summary.ended == 710 && summary.resumeCount == 1)
        #expect(summary.outcome == "ended" && summary.objectiveSeconds == 7200)
    }

    @Test("a recovery whose step is open or failed has no time")
    func open() throws {
        let cut = try #require(FollowSummary(Array(Self.records.prefix(9)), of: Self.runbook))
        #expect(cut.recoverySeconds == nil && cut.outcome == "open")
        #expect(cut.steps.map(\.outcome) == ["done", "done", "failed"])
        let begun = try #require(FollowSummary(Array(Self.records.prefix(1)), of: Self.runbook))
        #expect(begun.steps.map(\.outcome) == ["not_begun", "not_begun", "not_begun"])
        #expect(FollowSummary([], of: Self.runbook) == nil)
    }

    @Test("a log is read back as it was written, cut off anywhere: only whole lines count")
    func log() throws {
        let bytes = try Self.records.flatMap { try FollowLog.line($0) }
        #expect(try FollowLog.read(bytes).records == Self.records)
        var ends = [Int]()
        for record in Self.records { ends.append((ends.last ?? 0) + (try FollowLog.line(record)).count) }
        for cut in 0...bytes.count {
            let read = try FollowLog.read(Array(bytes[..<cut]))
            #expect(read.byteCount == ends.last { $0 <= cut } ?? 0 && read.records.count == ends.count { $0 <= cut })
        }
        #expect(throws: FollowLog.Malformed(line: 1)) { try FollowLog.read(Array("{}\n".utf8)) }
    }
}
