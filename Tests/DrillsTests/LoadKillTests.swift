import FoundationEssentials
import Glibc
import Runbooks
import Sealing
import Synchronization
import TestSupport
import Testing

@testable import Drills

/// Brings "data" into a staging that is one file: a first half, then a second.
private struct PretendLoad: DrillPreparation {
    let what = "data"
    let changesStaging = true
    let path: String
    let folder: DrillFolder
    /// Does the load stand still in the middle?
    var isStuck = false

    func check() async throws -> [DrillProof] { [DrillProof("production", nil)] }

    /// As a load does: what is there goes, and half of it is there before the whole is.
    func prepare() async throws -> DrillPrepared {
        let environment = try DrillEnvironment(
            text: "environment: t\ndriver: local\nhosts: {}\nup: x\ndown: x\nclear: x\n", file: "t.yaml")
        let reach = EnvironmentReach(environment, variables: ["PATH": "/usr/bin:/bin"], folder: path)
        let text = """
            # Does the one of a runner that died still run?
            if [ -e loader ] && [ "$(cut -d' ' -f3 "/proc/$(cat loader)/stat" 2>/dev/null || echo Z)" != Z ]
            then echo beside >>notes; else echo alone >>notes; fi
            echo $$ >loader
            rm -f staged
            echo half >>staged
            \(isStuck ? ": >stuck; while :; do sleep 0.05; done" : ":")
            echo whole >>staged
            """
        let outcome = await reach.run(
            text, on: "operator", variables: folder.marked("production"), timeout: .seconds(240)
        ) { _ in }
        if let failure = outcome.failure { throw DrillError(.helperFailed, failure, subject: path) }
        let point = LoadedPoint(
            point: "p", moment: "", source: "db", byteCount: 1, mask: "m", maskedColumnCount: 1, lookedForCount: 1,
            erasedCount: 0, maskSeconds: 0)
        return DrillPrepared([DrillProof("masks", nil)], loaded: point)
    }

    func resume() async throws {}
    func end() async {}
}

@Suite("A runner that is killed while a point of production comes in", .serialized)
struct LoadKillTests {
    private func resume(_ path: String, _ drill: PretendDrill, edited: Bool = false) async throws -> Verdict {
        let runbook = try PretendDrill.runbook(edited ? "echo edited" : "rm broken")
        let run = try drill.run(runbook, parts: { $0.preparations = [PretendLoad(path: path, folder: drill.folder)] })
        return try await run.resume()
    }

    private func lines(_ name: String, _ path: String) -> [String] {
        ((try? String(contentsOf: URL(filePath: path + "/" + name), encoding: .utf8)) ?? "").split(separator: "\n")
            .map(String.init)
    }

    /// Waits for the middle of the load and dies there.
    private static func kill(in path: String) async throws {
        await #expect(processExitsWith: .signal(SIGKILL)) { [path] in
            let drill = try PretendDrill(at: path)
            Task.detached {
                while access(path + "/stuck", F_OK) != 0 { try await Task.sleep(for: .milliseconds(10)) }
                Glibc.kill(getpid(), SIGKILL)
            }
            var beginning = PretendDrill.beginning
            beginning.runbookDigest = try PretendDrill.runbook().digest.hex
            _ = try await drill.run(
                try PretendDrill.runbook(),
                parts: {
                    $0.preparations = [PretendLoad(path: path, folder: drill.folder, isStuck: true)]
                }
            ).begin(beginning)
        }
    }

    @Test("the load that it left running is ended, and the coming-in begins anew")
    func inTheMiddle() async throws {
        let place = try TemporaryFolder()
        try await Self.kill(in: place.path)
        #expect(lines("staged", place.path) == ["half"])
        let drill = try PretendDrill(at: place.path)
        #expect(try await resume(place.path, drill) == .pass)
        #expect(lines("notes", place.path) == ["alone", "alone"] && lines("staged", place.path) == ["half", "whole"])
        let events = try LineLog<DrillRecord>(drill.folder.events).read().map(\.event)
        #expect(events.count { $0 == .preparing(what: "data") } == 2)
        #expect(events.count { if case .loaded = $0 { true } else { false } } == 1)
        let begun = try #require(events.firstIndex { if case .observing = $0 { true } else { false } })
        let prepared = try #require(events.firstIndex(of: .prepared(what: "data", failure: nil)))
        #expect(prepared < begun && drill.lines("cleared") == 1)
    }

    @Test("a drill that may not go on then ends with staging cleared, and nobody loads any more")
    func notGoneOnWith() async throws {
        let place = try TemporaryFolder()
        try await Self.kill(in: place.path)
        let drill = try PretendDrill(at: place.path)
        #expect(try await resume(place.path, drill, edited: true) == .fail)
        #expect(lines("notes", place.path) == ["alone"] && drill.lines("cleared") == 1)
        let loader = try #require(lines("loader", place.path).first)
        let state = (try? String(contentsOf: URL(filePath: "/proc/\(loader)/stat"), encoding: .utf8)) ?? ") Z"
        #expect(state.contains(") Z"), "\(state)")
        let events = try LineLog<DrillRecord>(drill.folder.events).read().map(\.event)
        #expect(!events.contains { if case .observing = $0 { true } else { false } })
    }

    private static func kill(after word: String, in path: String) async throws {
        await #expect(processExitsWith: .signal(SIGKILL)) { [path, word] in
            let drill = try PretendDrill(at: path)
            let run = try drill.run(
                try PretendDrill.runbook(),
                watch: { record in
                    if "\(record.event)".hasPrefix(word + "(") { Glibc.kill(getpid(), SIGKILL) }
                }, parts: { $0.preparations = [PretendLoad(path: path, folder: drill.folder)] })
            _ = try await run.begin(PretendDrill.beginning)
        }
    }

    @Test(
        "killed after any word of it, data that is not wholly in is brought in anew, and what is in is not",
        arguments: [("preparing", 1), ("loaded", 2), ("prepared", 1)])
    func words(word: String, loads: Int) async throws {
        let place = try TemporaryFolder()
        let path = place.path
        try await Self.kill(after: word, in: path)
        let drill = try PretendDrill(at: path)
        #expect(try await resume(path, drill) == .pass)
        #expect(lines("notes", path).count == loads && lines("staged", path) == ["half", "whole"])
    }
}
