import FoundationEssentials
import Synchronization
import TestSupport
import Testing

@testable import Drills

@Suite("What the record says of restores and steps")
struct RestoredTests {
    private func restore(
        _ sources: [String], _ point: String?, _ position: String? = nil, to target: String = "in-place"
    ) -> DrilledRestore {
        DrilledRestore(sources: sources, target: target, point: point, position: position, started: "")
    }

    @Test("one point and one position are told; where there are several or none, nothing is")
    func state() {
        let database = restore(["db"], "one", "0-1-7")
        #expect(RestoredState([]) == RestoredState([restore(["db"], nil)]))
        var known = RestoredState([database])
        #expect(known.point == "one" && known.position == "0-1-7")
        known = RestoredState([database, restore(["uploads"], "one", to: "folder")])
        #expect(known.point == "one" && known.position == "0-1-7")
        known = RestoredState([database, restore(["uploads"], "two", to: "folder")])
        #expect(known.point == nil && known.position == "0-1-7")
        known = RestoredState([database, restore(["other"], nil, "0/16B3748")])
        #expect(known.point == nil && known.position == nil)
    }

    @Test("a source that was restored to the same place again stands where the last restore left it")
    func again() {
        let known = RestoredState([restore(["db"], "one", "0-1-7"), restore(["db"], "two", "0-1-5")])
        #expect(known.point == "two" && known.position == "0-1-5")
    }

    /// Says one restore, and remembers whether staging stood then and for which time it was asked.
    private final class Witness: RestoreWitness {
        let path: String
        let asked = Mutex<[(from: Double, to: Double, isCleared: Bool)]>([])
        init(path: String) { self.path = path }

        func restores(from: Double, to: Double) async throws -> [DrilledRestore]? {
            let isCleared = FileManager.default.fileExists(atPath: path + "/cleared")
            asked.withLock { $0.append((from, to, isCleared)) }
            return [DrilledRestore(sources: ["db"], target: "in-place", point: "p", position: "0-1-7", started: "")]
        }
    }

    @Test("what was restored is asked once, for the time from declared to recovered, before staging is made anew")
    func asked() async throws {
        let folder = try TemporaryFolder()
        let drill = try PretendDrill(at: folder.path)
        let witness = Witness(path: folder.path)
        let run = try drill.run(try PretendDrill.runbook(), parts: { $0.restores = witness })
        #expect(try await run.begin(PretendDrill.beginning) == .pass)
        let records = try LineLog<DrillRecord>(drill.folder.events).read()
        let found = records.compactMap { if case .restored(let found) = $0.event { found } else { nil } }
        #expect(found.map { $0.map(\.point) } == [["p"]])
        let asked = witness.asked.withLock { $0 }
        try #require(asked.count == 1)
        let began = try #require(records.first)
        func wall(_ isMeant: (DrillEvent) -> Bool) -> Double? {
            records.first { isMeant($0.event) }.map { began.wall + $0.at - began.at }
        }
        #expect(asked[0].from == wall { if case .declared = $0 { true } else { false } })
        #expect(asked[0].to == wall { $0 == .recovered } && asked[0].from < asked[0].to && !asked[0].isCleared)
        let steps = records.filter { if case .stepBegan = $0.event { true } else { false } }
        #expect(steps.allSatisfy { began.wall + $0.at - began.at >= asked[0].from })
    }

    @Test("what a step said has all its attempts and verifications; of what is too long the end is kept")
    func logs() throws {
        let place = try TemporaryFolder()
        let folder = DrillFolder(place.path + "/D-1")
        #expect(StepLogText(of: "mend", attempts: 2, in: folder) == nil)
        for (name, attempt, text) in [("mend", 1, "no\u{1B}]0;x\u{7}"), ("mend", 2, "yes"), ("mend.verify", 2, "sure")]
        {
            let log = StepLog(folder.log(of: name, attempt: attempt))
            log.add(text)
            log.finish(ScriptOutcome(exit: 0, output: "", failure: nil))
        }
        let log = try #require(StepLogText(of: "mend", attempts: 2, in: folder))
        #expect(log.drill == "D-1" && log.omittedByteCount == 0)
        let heads = log.lines.filter { $0.hasPrefix("--") }
        #expect(heads == ["-- attempt 1", "-- attempt 2", "-- attempt 2, verification"])
        // What moves a terminal's cursor or names its window is not shown.
        #expect(log.lines.contains("no?]0;x?") && log.lines.contains("sure"))

        let long = StepLog(folder.log(of: "long", attempt: 1))
        for number in 0..<30_000 { long.add("line \(number) " + String(repeating: "x", count: 200)) }
        long.finish(ScriptOutcome(exit: nil, output: "", failure: "took too long"))
        let kept = try #require(StepLogText(of: "long", attempts: 1, in: folder))
        #expect(kept.text.utf8.count == StepLogText.largestByteCount && kept.omittedByteCount > 500_000)
        #expect(kept.text.contains("line 29999 ") && kept.text.hasSuffix("failed: took too long\n"))
        #expect(!kept.text.contains("line 20000 ") && kept.lines[0].contains("bytes before this are not kept"))
    }
}
