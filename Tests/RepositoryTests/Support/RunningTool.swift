import Glibc
import Synchronization
import TestSupport

@testable import Repository

/// A program that runs while the test goes on, so that it can be stopped in the middle. Killed when the value goes.
final class RunningTool: Sendable {
    let pid: pid_t
    private let hasEnded = Mutex(false)

    /// Starts a program found in `PATH`, with `variables` added to the environment; what it says is thrown away.
    /// `input` is a descriptor that it reads as standard input.
    init(_ name: String, _ arguments: [String], variables: [String: String], input: Int32? = nil) throws {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        if let input { posix_spawn_file_actions_adddup2(&actions, input, 0) }
        for number in 1..<Int32(3) { posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0) }
        var environment = variables.map { "\($0)=\($1)" }
        for name in ["PATH", "HOME", "TMPDIR"] where variables[name] == nil {
            if let value = getenv(name) { environment.append("\(name)=\(String(cString: value))") }
        }
        var arguments = ([name] + arguments).map { strdup($0) } + [nil]
        var strings = environment.map { strdup($0) } + [nil]
        defer { for text in arguments + strings { free(text) } }
        var pid = pid_t()
        guard posix_spawnp(&pid, name, &actions, nil, &arguments, &strings) == 0 else { throw SystemError("spawn") }
        self.pid = pid
    }

    deinit {
        if hasEnded.withLock({ $0 }) { return }
        kill(pid, SIGKILL)
        waitpid(pid, nil, 0)
    }

    /// Waits for its end, on a thread that may block; gives its status.
    @discardableResult
    func wait() async throws -> Int32 {
        let pid = pid
        let status = try await Threads.run("wait") {
            var status: Int32 = 0
            waitpid(pid, &status, 0)
            return status
        }
        hasEnded.withLock { $0 = true }
        return status
    }
}

extension Restic {
    /// What a process needs to be restic on this repository.
    func process(_ arguments: [String], input: Int32? = nil) throws -> RunningTool {
        var variables = variables
        variables["RESTIC_PASSWORD"] = password
        return try RunningTool("restic", ["-r", address, "--no-cache"] + arguments, variables: variables, input: input)
    }
}
