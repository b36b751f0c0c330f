import TestSupport
import Testing

@testable import Drills

@Suite("The degraded service, as it is told while a drill goes on")
struct DegradedMarkTests {
    private typealias Mark = DrillRun.State.DegradedMark

    /// What is told of answers of `list` (threshold 4), one a second from 10 s on; the failure was detected at 5 s.
    private func told(_ answers: String) throws -> [String] {
        let place = try TemporaryFolder()
        var view = ObserverView(DrillFolder(place.path), probes: try PretendDrill.scenario().probes)
        var mark = Mark(told: .nothing, at: 5)
        var words = [String]()
        for (second, answer) in answers.enumerated() {
            let at = Double(10 + second)
            view.apply(.probe(name: "list", at: at, seconds: 0, isGood: answer == "+", reason: nil))
            while let (event, moment) = mark.next(view, ["list"]) {
                words.append("\(event == .degraded ? "up" : "lost") \(Int(moment))")
                mark = Mark(told: event == .degraded ? .up : .lost, at: moment)
            }
        }
        return words
    }

    @Test(
        "it is told when it is up, when it is lost, and when it is up again; an answer that fails alone is not",
        arguments: [
            ("----", []), ("+++++", ["up 10"]), ("--+++", ["up 12"]), ("++-++-++", ["up 10"]), ("+---+", ["up 10"]),
            ("+----", ["up 10", "lost 14"]), ("+-------", ["up 10", "lost 14"]),
            ("+----++-++", ["up 10", "lost 14", "up 15"]),
            ("+----+----+", ["up 10", "lost 14", "up 15", "lost 19", "up 20"]),
        ])
    func told(answers: String, wanted: [String]) throws { #expect(try told(answers) == wanted) }

    @Test("no probes, no degraded service")
    func none() throws {
        let view = ObserverView(DrillFolder("/none"), probes: [])
        #expect(Mark(told: .nothing, at: 0).next(view, []) == nil)
        #expect(Mark(told: .up, at: 0).next(view, []) == nil)
    }
}
