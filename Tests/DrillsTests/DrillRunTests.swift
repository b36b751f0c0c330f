import FoundationEssentials
import Glibc
import Runbooks
import Sealing
import TestSupport
import Testing

@testable import Drills

@Suite("The runner of a drill", .serialized)
struct DrillRunTests {
    @Test("breaks, notices, follows the runbook, and clears staging; answers and values reach what comes after")
    func whole() async throws {
        let folder = try TemporaryFolder()
        let drill = try PretendDrill(at: folder.path)
        let verdict = try await drill.run(try PretendDrill.runbook()).begin(PretendDrill.beginning)
        #expect(verdict == .pass)
        let events = try LineLog<DrillRecord>(drill.folder.events).read().map(\.event)
        #expect(
            events.contains(.detected(probe: "list")) && events.contains(.recovered) && events.last == .ended(.pass))
        #expect(
            events.contains {
                if case .decided("what", "propose: it's db", "unattended", _) = $0 { true } else { false }
            })
        #expect(drill.lines("looks") == 1 && drill.lines("mends") == 1 && drill.lines("cleared") == 1)
        let log = try String(contentsOf: URL(filePath: drill.folder.log(of: "look", attempt: 1)), encoding: .utf8)
        #expect(log.contains("it's db"))
    }

    /// A word for each kind of event.
    private static func word(_ event: DrillEvent) -> String {
        "\(event)".prefix { $0.isLetter }.description
    }

    static let words = [
        "began", "guarded", "observing", "steady", "injecting", "injected", "detected", "declared", "stepBegan",
        "stepEnded", "asked", "decided", "recovered", "readBack", "proven", "examined", "cleared",
    ]

    @Test("killed after any event, it goes on from there and ends the same way", arguments: words)
    func killed(word: String) async throws {
        let folder = try TemporaryFolder()
        try await Self.kill(after: word, in: folder.path)
        let drill = try PretendDrill(at: folder.path)
        let verdict = try await drill.run(try PretendDrill.runbook()).resume()
        #expect(verdict == .pass)
        let events = try LineLog<DrillRecord>(drill.folder.events).read().map(\.event)
        #expect(events.count { $0 == .resumed } == 1 && events.last == .ended(.pass))
        #expect(events.count { DrillRunTests.word($0) == "recovered" } == 1)
        #expect(drill.lines("cleared") == 1)
    }

    private static func kill(after word: String, in path: String) async throws {
        await #expect(processExitsWith: .signal(SIGKILL)) { [path, word] in
            let drill = try PretendDrill(at: path)
            _ = try await drill.run(try PretendDrill.runbook()) { record in
                if DrillRunTests.word(record.event) == word { Glibc.kill(getpid(), SIGKILL) }
            }.begin(PretendDrill.beginning)
        }
    }

    @Test("a runbook that does not mend anything is a failed drill, and staging is brought back all the same")
    func wrongRunbook() async throws {
        let folder = try TemporaryFolder()
        let drill = try PretendDrill(at: folder.path)
        let verdict = try await drill.run(try PretendDrill.runbook("true")).begin(PretendDrill.beginning)
        #expect(verdict == .fail && drill.lines("cleared") == 1 && access(folder.path + "/broken", F_OK) != 0)
        let events = try LineLog<DrillRecord>(drill.folder.events).read().map(\.event)
        let ended = events.compactMap { if case .stepEnded("mend", let outcome) = $0 { outcome } else { nil } }
        #expect(ended.count == 1 && ended[0].isVerified == false && ended[0].exit == 0)
    }

    @Test("a drill whose runbook was edited since it began is not gone on with: staging is brought back")
    func editedRunbook() async throws {
        let folder = try TemporaryFolder()
        let drill = try PretendDrill(at: folder.path)
        var beginning = PretendDrill.beginning
        beginning.runbookDigest = try PretendDrill.runbook().digest.hex
        let log = LineLog<DrillRecord>(drill.folder.events)
        try log.append(DrillRecord(at: 1, wall: 1, event: .began(beginning)))
        try log.append(DrillRecord(at: 2, wall: 2, event: .injecting(fault: 0)))
        let verdict = try await drill.run(try PretendDrill.runbook("echo edited")).resume()
        #expect(verdict == .fail && drill.lines("cleared") == 1 && drill.lines("looks") == 0)
        let events = try log.read().map(\.event)
        #expect(events.contains(.aborted(reason: "the runbook was edited since the drill began")))
    }

    @Test("a last line that was cut off by a death is dropped, and one that is not ours is refused")
    func logs() throws {
        let folder = try TemporaryFolder()
        let log = LineLog<DrillRecord>(folder.path + "/log")
        try log.append(DrillRecord(at: 1, wall: 2, event: .recovered))
        let half = Data(try Data(contentsOf: URL(filePath: folder.path + "/log")) + Data("{\"at\":".utf8))
        try half.write(to: URL(filePath: folder.path + "/log"))
        #expect(try log.read().count == 1)
        try log.mend()
        try log.append(DrillRecord(at: 3, wall: 4, event: .ended(.pass)))
        #expect(try log.read().map(\.at) == [1, 3])
        try Data("nonsense\n".utf8).write(to: URL(filePath: folder.path + "/log"))
        #expect(throws: DrillError.self) { try log.read() }
    }

    @Test("text and values reach another machine's shell byte by byte, whatever is in them")
    func remoteText() async throws {
        let text = "printf '%s|' \"$A\" \"$B\"; echo 'quoted $A' \"`echo x`\" \\\\"
        let values = ["A": "it's \"$(rm -rf /)\" `x` \\ ü\n\n", "B": ""]
        let folder = try TemporaryFolder()
        let script = SSHCommand.script(text, values, mark: "bytes.\(getpid())")
        try Data(script.utf8).write(to: URL(filePath: folder.path + "/script"))
        // The account's own shell is another one than ours, or none that knows POSIX.
        let output = try await Tool.run(
            "sh", ["-c", "/bin/sh -c \"$1\" <\"$2\"", "sh", SSHCommand.remote, folder.path + "/script"])
        #expect(output == values["A", default: ""] + "||quoted $A x \\\n")
    }
}
