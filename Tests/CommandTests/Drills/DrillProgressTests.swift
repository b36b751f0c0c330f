import Drills
import TestSupport
import Testing

@testable import LifeboatCommands

@Suite("A drill as it goes on, on a terminal")
struct DrillProgressTests {
    @Test(
        "the degraded service is told once when it is up, when it is lost, and when it is up again",
        arguments: [false, true])
    func degraded(isResumed: Bool) throws {
        let scenario = try Scenario(text: PretendService(folder: "/none", port: 1).scenario, file: "D.yaml")
        let messages = MemorySink()
        let output = CommandOutput(results: MemorySink(), messages: messages)
        let progress = DrillProgress(output, scenario, isQuiet: false, keepsStaging: false)
        let events: [DrillEvent] = [
            .injecting(fault: 0), .degraded, .restored([]), .degradedLost(probe: "front"), .degraded,
        ]
        let records = events.enumerated().map { DrillRecord(at: Double($0), wall: 0, event: $1) }
        // A runner that took over knows what was told before.
        if isResumed { progress.know(Array(records.prefix(2))) }
        for record in records.dropFirst(isResumed ? 2 : 0) { progress.show(record) }
        let lines = messages.text.split(separator: "\n").filter { $0.contains("DEGRADED") }
        let wanted = ["service is up", "service is lost again: `front` fails", "service is up again"]
        #expect(lines.count == (isResumed ? 2 : 3), "\(lines)")
        for (line, words) in zip(lines.reversed(), wanted.reversed()) { #expect(line.hasSuffix(words), "\(line)") }
    }
}
