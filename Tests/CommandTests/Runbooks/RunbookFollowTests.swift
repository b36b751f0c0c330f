import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage
import TestSupport
import Testing

@Suite("Following a runbook on a terminal")
struct RunbookFollowTests {
    private struct Summary: Decodable {
        struct Step: Decodable {
            let step: String
            let outcome: String
            let attempts: Int
        }
        let outcome: String
        let steps: [Step]
        let resume_count: Int
        let recovery_seconds: Double?
    }

    /// Runs the program with what a person types, a line each.
    private func follow(_ place: Workplace, _ typed: [String], _ more: String...) async throws -> Outcome {
        let arguments =
            ["runbook", "follow", "S", "--log", place.path("S.jsonl"), "--json", "--set", "PLACE=\(place.folder.path)"]
            + more
        let result = try await Subprocess.run(
            .path(FilePath(Program.path)), arguments: Arguments(arguments),
            environment: Program.variables(place.environment),
            input: .string(typed.map { $0 + "\n" }.joined()), output: .string(limit: 1 << 20),
            error: .string(limit: 1 << 20))
        return Outcome(
            status: Program.status(result.terminationStatus), output: result.standardOutput,
            messages: result.standardError)
    }

    private static let beginning = ["", "", "r", "p", ""]
    private static let rest = ["h", "y", "", "", ""]

    @Test("a person is led through all of it: steps here and elsewhere, a decision as proposed, the ledger has it")
    func whole() async throws {
        let place = try await RunbookStage.place()
        let outcome = try await follow(place, Self.beginning + ["r"] + Self.rest)
        try #require(outcome.status == 0, "\(outcome)")
        let summary = try Summary.json(outcome.output)
        #expect(summary.outcome == "ended" && summary.recovery_seconds != nil)
        #expect(summary.steps.map(\.outcome) == ["done", "done", "done", "done"])
        #expect(try place.read("second") == "word proposed\n")
        #expect(outcome.messages.contains("It is cloud.") && outcome.messages.contains("on call: Anna, +49 30 1"))
        #expect(
            outcome.messages.contains("export CHOICE=proposed\necho \"$CHOICE\"\nEND-OF-STEP"), "\(outcome.messages)")
        #expect(outcome.messages.contains(" of 2h, ") && outcome.messages.contains("the ledger has it"))
        let again = try await follow(place, [], "--resume")
        #expect(again.status == 0 && !again.messages.contains("the ledger"), "\(again)")
    }

    @Test("killed while a step runs, it goes on there and asks how the step ended")
    func killed() async throws {
        let place = try await RunbookStage.place()
        try place.write("", to: "deadly")
        let killed = try await follow(place, Self.beginning + ["r"])
        #expect(killed.status == 128 + SIGKILL, "\(killed)")
        // A line that the kill cut off does not count.
        let log = try place.read("S.jsonl")
        try place.write(log + "{\"at\":17", to: "S.jsonl")
        let resumed = try await follow(place, ["r", "r"] + Self.rest, "--resume")
        try #require(resumed.status == 0, "\(resumed)")
        #expect(resumed.messages.contains("nobody knows how it ended"))
        let summary = try Summary.json(resumed.output)
        #expect(summary.resume_count == 1 && summary.steps[2].attempts == 2 && summary.steps[2].outcome == "done")
        #expect(try place.read("S.jsonl").hasPrefix(log))
        #expect(try place.read("second") == "word proposed\n")
    }

    @Test("with an answer of one's own, a failure told, a retry, a step left out, and the way back to the decision")
    func ways() async throws {
        let place = try await RunbookStage.place()
        let outcome = try await follow(
            place, ["", "", "r", "mine", "f", "wrong host", "b", "theirs", "r", "s", "no such host", "", "", ""])
        try #require(outcome.status == 0, "\(outcome)")
        #expect(try Summary.json(outcome.output).steps.map(\.outcome) == ["done", "done", "done", "skipped"])
        #expect(try place.read("second") == "word theirs\n")
    }

    @Test("who leaves is told how to go on; who starts again is asked; another version of the runbook is refused")
    func leaving() async throws {
        let place = try await RunbookStage.place()
        let left = try await follow(place, Self.beginning + ["q"])
        #expect(left.status == 1 && left.messages.contains("--resume"), "\(left)")
        let refused = try await follow(place, ["n"])
        #expect(refused.status == 1 && refused.messages.contains("stands at 2 of 4"), "\(refused)")
        let aborted = try await follow(place, ["y", "a", "false alarm"])
        #expect(try Summary.json(aborted.output).outcome == "aborted" && aborted.status == 1)
        try place.write(RunbookStage.small + "One more word.\n", to: "runbooks/S-small.md")
        let other = try await follow(place, [], "--resume")
        #expect(other.status == 1 && other.messages.contains("another version"), "\(other)")
    }

    @Test("without configuration and repository it works all the same, and says how to add it to the ledger later")
    func alone() async throws {
        let place = try await RunbookStage.place()
        let configuration = try place.read("lifeboat.yaml")
        unlink(place.path("lifeboat.yaml"))
        let path = place.path("runbooks")
        let outcome = try await follow(place, Self.beginning + ["r"] + Self.rest, "--runbooks", path)
        #expect(outcome.status == 0 && outcome.messages.contains("add it later with"), "\(outcome)")
        try place.write(configuration, to: "lifeboat.yaml", mode: 0o600)
        let later = try await follow(place, [], "--runbooks", path)
        #expect(later.status == 0 && later.messages.contains("the ledger has it"), "\(later)")
    }

    @Test("with the configuration there, and repository, network and state folder gone, it works all the same")
    func allDown() async throws {
        let place = try await RunbookStage.place()
        try FileManager.default.removeItem(atPath: place.repository)
        try place.write("no folder", to: "state")
        // Nothing listens there, and no name is known.
        let configuration = try place.read("lifeboat.yaml").replacing(
            place.repository, with: "s3:http://127.0.0.1:1/bucket/prefix")
        let keys = try place.write("key", to: "key", mode: 0o600)
        try place.write(
            configuration.replacing(
                "{repository:", with: "{access-key: {file: \(keys)}, secret-key: {file: \(keys)}, repository:"),
            to: "lifeboat.yaml", mode: 0o600)
        let outcome = try await follow(place, Self.beginning + ["r"] + Self.rest)
        #expect(outcome.status == 0 && outcome.messages.contains("add it later with"), "\(outcome)")
        #expect(try place.read("second") == "word proposed\n")
        #expect(outcome.messages.contains("on call: Anna, +49 30 1"))
    }

    @Test("two people cannot write one log at once")
    func twoPeople() async throws {
        let place = try await RunbookStage.place()
        let descriptor = open(place.path("S.jsonl"), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(descriptor) }
        try #require(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
        let second = try await follow(place, [])
        #expect(second.status == 1 && second.messages.contains("somebody follows a runbook with this log"), "\(second)")
    }
}
