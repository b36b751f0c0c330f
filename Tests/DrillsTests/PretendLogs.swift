import Runbooks
import Testing

@testable import Drills

/// Logs of a drill as they would be written, to be bent by tests. The fault is at 100 s; a beat a second from 61 on.
struct PretendLogs {
    var records = [DrillRecord]()
    var observed = [ObserverRecord]()
    var truths = [FaultTruth]()
    var scenario: Scenario
    let runbook: Runbook
    var byteCount: UInt64?
    var productionByteCount: UInt64?
    var driver = DrillEnvironment.Driver.local

    /// Wall time is so much ahead, seconds.
    static let ahead = 1_795_000_000.0

    static let fault = 100.0

    /// A drill in which all is well: detected at 103, declared at 105, decided at 115, restored at 165, up at 170, read back at 180.
    /// Beats 37 to 39 are lost (the last three before the fault), and those of after the fault until the freeze.
    init() throws {
        scenario = try PretendDrill.scenario()
        scenario.objective.rpoDatabase = .seconds(10)
        scenario.objective.rpoFiles = .seconds(10)
        runbook = try PretendDrill.runbook()
        add(60, .began(PretendDrill.beginning))
        add(60, .guarded(failure: nil))
        add(60, .observing(process: 7))
        add(99, .steady(beatCount: 39))
        add(99.5, .guarded(failure: nil))
        add(100, .injecting(fault: 0))
        add(100.5, .injected(fault: 0))
        add(103, .detected(probe: "list"))
        add(105, .declared(by: "unattended", humanSeconds: 2))
        add(105, .stepBegan(id: "look", attempt: 1))
        add(110, .stepEnded(id: "look", outcome: .init(exit: 0, isVerified: nil, failure: nil, value: "it's db")))
        add(112, .asked(id: "what"))
        add(115, .decided(id: "what", value: "0-1-50", by: "unattended", humanSeconds: 3))
        add(115, .stepBegan(id: "mend", attempt: 1))
        add(165, .stepEnded(id: "mend", outcome: .init(exit: 0, isVerified: true, failure: nil, value: nil)))
        add(172, .recovered)
        add(182, .readBack(count: 45))
        add(183, .proven(what: "fence", failure: nil))
        add(183, .proven(what: "files", failure: nil))
        add(183, .examined)
        add(184, .cleared)
        truths = [Self.truth(position: "0-1-50")]
        observed = Self.observed
    }

    static func truth(position: String?) -> FaultTruth {
        FaultTruth(
            index: 0, kind: .dropTable, began: fault, ended: fault + 0.5, time: "2026-11-21T08:30:00Z",
            subject: "app.files", position: position, detail: nil)
    }

    mutating func add(_ at: Double, _ event: DrillEvent) {
        records.append(DrillRecord(at: at, wall: at + Self.ahead, event: event))
    }

    /// Removes lines of the runner's log.
    mutating func drop(_ isMeant: (DrillEvent) -> Bool) { records.removeAll { isMeant($0.event) } }

    /// Puts an event in the place of others, or at the end.
    mutating func replace(_ event: DrillEvent, _ isMeant: (DrillEvent) -> Bool) {
        for index in records.indices where isMeant(records[index].event) { records[index].event = event }
    }

    /// What became of a beat.
    mutating func found(_ number: Int, row: Bool?, file: Bool?) {
        observed.removeAll { if case .found(number, _, _, _) = $0 { true } else { false } }
        observed.append(.found(number: number, at: 181, row: row, file: file))
    }

    private static var observed: [ObserverRecord] {
        var lines: [ObserverRecord] = [.began(at: 60, process: 7)]
        for second in 60...178 {
            let at = Double(second)
            lines.append(.clock(at: at + 0.5, wall: at + 0.5 + ahead))
            let isGood = !(101..<170).contains(second)
            lines.append(
                .probe(name: "list", at: at + 0.1, seconds: 0.1, isGood: isGood, reason: isGood ? nil : "status 503"))
            let number = second - 60
            // Three seconds of writes get in behind the fault; then the service stands still.
            if number > 0, second < 103 || second >= 171 {
                lines.append(.acknowledged(number: number, at: at + 0.2))
            }
        }
        lines.append(.ended(at: 179))
        for case .acknowledged(let number, _) in lines {
            let isHeld = number < 37 || number > 60
            lines.append(.found(number: number, at: 180, row: isHeld, file: isHeld))
        }
        return lines
    }

    var environment: DrillEnvironment {
        get throws {
            var environment = try DrillEnvironment(
                text: "environment: t\ndriver: local\nhosts: {}\nup: x\ndown: x\nclear: x\n", file: "t.yaml")
            environment.productionByteCount = productionByteCount
            environment.driver = driver
            return environment
        }
    }

    var measures: DrillMeasures {
        DrillMeasures(records: records, observed: observed, truths: truths, scenario: scenario, runbook: runbook)
    }

    var report: DrillReport {
        get throws {
            try #require(
                DrillReport(
                    DrillReport.Material(
                        records: records, observed: observed, truths: truths, scenario: scenario,
                        environment: environment, runbook: runbook, byteCount: byteCount)))
        }
    }
}
