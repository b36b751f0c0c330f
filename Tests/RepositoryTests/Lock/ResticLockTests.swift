import Glibc
import ObjectStore
import TestSupport
import Testing

@testable import Repository

@Suite("locks of both tools", .enabled(if: Restic.isExpected, "install restic: apt-get install restic"))
struct ResticLockTests {
    @Test("our shared lock lets restic back up and keeps it from exclusive work; our exclusive one keeps it from both")
    func ours() async throws {
        let stage = try await Stage()
        try stage.makeFolder("tree").file("a", "a")
        let path = stage.folder("tree")
        let shared = try await RepositoryLock.take(.shared, on: stage.repository, Stage.locks)
        try await stage.restic.backup(path)
        await refuses(stage, "check")
        await shared.release()
        try await stage.restic.check()
        let exclusive = try await RepositoryLock.take(.exclusive, on: stage.repository, Stage.locks)
        await refuses(stage, "snapshots")
        await refuses(stage, "backup", path)
        await exclusive.release()
        try await stage.restic.backup(path)
    }

    private func refuses(_ stage: Stage, _ command: String, _ path: String? = nil) async {
        let failure = await #expect(throws: Tool.Failure.self) {
            if let path { try await stage.restic(command, path) } else { try await stage.restic(command) }
        }
        let text = failure?.description ?? ""
        #expect(text.contains("already locked") && text.contains("PID \(getpid()) on stage by tester"), "\(text)")
    }

    /// restic holds a shared lock as long as there is something to read.
    @Test("restic's shared lock lets us back up, keeps us from exclusive work, and is named with its process")
    func shared() async throws {
        let stage = try await Stage()
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        _ = fcntl(ends[1], F_SETFD, FD_CLOEXEC)
        let process = try stage.restic.process(
            ["backup", "--stdin", "--stdin-filename", "x", "--host", "elsewhere"], input: ends[0])
        close(ends[0])
        try await waitForLock(stage)
        try await stage.backup(ScriptedSource([("a", ScriptedSource.file([1]))]), as: "/made-up")
        let error = await #expect(throws: RepositoryError.self) {
            _ = try await RepositoryLock.take(.exclusive, on: stage.repository, Stage.locks)
        }
        #expect(error?.code == .locked && error?.message.contains("process \(process.pid), since 20") == true)
        #expect(write(ends[1], "x", 1) == 1)
        close(ends[1])
        #expect(try await process.wait() == 0)
        await (try RepositoryLock.take(.exclusive, on: stage.repository, Stage.locks)).release()
        #expect(try await stage.proveSound() == 2)
    }

    /// `key passwd` takes an exclusive lock and then reads the new password, which the test keeps back.
    @Test("restic's exclusive lock keeps us from everything, and is named")
    func exclusive() async throws {
        let stage = try await Stage()
        let pipe = stage.folder("pipe")
        #expect(mkfifo(pipe, 0o600) == 0)
        let process = try stage.restic.process(["key", "passwd", "--new-password-file", pipe])
        // Opens when restic does, which has its lock by then.
        let writer = try await Threads.run("open") { open(pipe, O_WRONLY | O_CLOEXEC) }
        let record = try await stage.repository.lockRecords().first?.record
        #expect(record?.exclusive == true && record?.pid == process.pid)
        for kind in [LockKind.shared, .exclusive] {
            let error = await #expect(throws: RepositoryError.self) {
                _ = try await RepositoryLock.take(kind, on: stage.repository, Stage.locks)
            }
            #expect(error?.message.contains("an exclusive lock held by") == true)
        }
        #expect(write(writer, "new\n", 4) == 4)
        close(writer)
        #expect(try await process.wait() == 0)
        await (try RepositoryLock.take(.exclusive, on: stage.repository, Stage.locks)).release()
    }

    private func waitForLock(_ stage: Stage) async throws {
        for _ in 0..<3_000 {
            if try await !stage.repository.lockRecords().isEmpty { return }
            try await Task.sleep(for: .milliseconds(10))
        }
        Issue.record("restic took no lock")
    }
}
