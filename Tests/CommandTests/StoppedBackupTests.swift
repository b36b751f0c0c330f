import FoundationEssentials
import Glibc
import Subprocess
import SystemPackage
import TestSupport
import Testing

/// A backup that stands still (SIGSTOP) while prune goes through both of its runs:
///
///     backup                              prune
///     lock, index: the content is known
///     SIGSTOP                             run 1: lists the pack
///                                         run 2: deletes it, if it can
///     SIGCONT
///     saves a snapshot, or says why not
@Suite("A backup stopped across prune")
struct StoppedBackupTests {
    private static let content = String(repeating: "what the stopped backup relies on\n", count: 100)

    /// A repository that holds the content in a pack that no snapshot needs.
    private func place() async throws -> Workplace {
        let place = try await Workplace.withRepository()
        try place.write(StoppedBackupTests.content, to: "data/file")
        #expect(await place.run("backup", "--path", place.path("data")).status == 0)
        let other = try place.write("something else", to: "other/file")
        #expect(await place.run("backup", "--path", other).status == 0)
        let list = await place.run("snapshots", "--json", "--path", place.path("data")).output
        let id = try #require(list.split(separator: "\"id\":\"").last?.prefix(64))
        #expect(await place.run("forget", String(id)).status == 0)
        return place
    }

    /// Backs the content up again through a program that waits, stops the backup once its index is loaded, runs `meanwhile`,
    /// and lets it go on. Gives exit code and messages.
    private func stopped(_ place: Workplace, _ meanwhile: () async throws -> Void) async throws -> (Int32, String) {
        let go = place.path("go")
        #expect(mkfifo(go, 0o600) == 0)
        let script = "cat '\(place.path("data/file"))'; cat '\(go)'"
        let result = try await Subprocess.run(
            .path(FilePath(Program.path)), arguments: ["backup", "--stdin-from-command", "--", "sh", "-c", script],
            environment: Program.variables(place.environment), input: .none, output: .string(limit: 4096),
            error: .string(limit: 4096)
        ) { execution in
            let pid = execution.processIdentifier.value
            try await ThreadWait.until("scan", in: pid)
            try execution.send(signal: .init(rawValue: SIGSTOP))
            try await meanwhile()
            try execution.send(signal: .init(rawValue: SIGCONT))
            _ = try await Tool.run("sh", ["-c", ": > '\(go)'"])
        }
        return (Program.status(result.terminationStatus), result.standardError)
    }

    /// Nothing that any snapshot needs is missing, and the content can be saved and brought back.
    private func expectSound(_ place: Workplace) async throws {
        let check = await place.run("check", "--read-data")
        #expect(check.status == 0, "\(check.output)\(check.messages)")
        try await place.restic("check", "--read-data")
        #expect(await place.run("backup", "--path", place.path("data")).status == 0)
        let target = place.path("restored")
        #expect(
            await place.run("restore", "--snapshot", "latest", "--path", place.path("data"), "--to", target).status == 0
        )
        #expect(try place.read("restored/file") == StoppedBackupTests.content)
    }

    @Test("its lock keeps the second run away, and its snapshot is whole")
    func lockHeld() async throws {
        let place = try await place()
        let (status, messages) = try await stopped(place) {
            #expect(await place.run("prune").status == 0, "the first run works beside it")
            let second = await place.run("prune", "--now")
            #expect(second.status == 11, "\(second.messages)")
        }
        #expect(status == 0, "\(messages)")
        #expect(await place.run("restore", "--snapshot", "latest", "--to", place.path("out")).status == 0)
        #expect(try place.read("out/stdin") == StoppedBackupTests.content)
        #expect(await place.run("prune").status == 0, "the second run, after it")
        try await expectSound(place)
    }

    @Test("with its lock taken away and both runs done, it says so and leaves no snapshot that lacks anything")
    func lockTaken() async throws {
        let place = try await place()
        let (status, messages) = try await stopped(place) {
            #expect(await place.run("unlock", "--remove-all").status == 0)
            #expect(await place.run("prune", "--now", "--max-unused", "0%").status == 0)
        }
        #expect(status == 1)
        #expect(messages.contains("our lock was removed while we worked"), "\(messages)")
        #expect(messages.contains("run the same command once more"), "\(messages)")
        try await expectSound(place)
    }
}

/// Waits for another process to get somewhere.
enum ThreadWait {
    /// Until the process has a thread of that name; fails after half a minute.
    static func until(_ name: String, in pid: pid_t) async throws {
        let deadline = ContinuousClock.now.advanced(by: .seconds(30))
        while ContinuousClock.now < deadline {
            let threads = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? []
            for thread in threads {
                let text = try? Data(contentsOf: URL(filePath: "/proc/\(pid)/task/\(thread)/comm"))
                if let text, String(decoding: text, as: UTF8.self) == name + "\n" { return }
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        Issue.record("process \(pid) never had a thread named \(name)")
    }
}
