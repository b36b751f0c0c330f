import CLinux
import Glibc
import ObjectStore
import Synchronization

/// A program that shares our terminal until it ends; Ctrl-C is its own meanwhile.
struct TerminalProgram {
    private static let lane = BlockingLane(name: "client", threadCount: 1)

    let words: [String]
    let variables: [String: String]

    /// Runs it to its end; what it exits with is its own affair. Ends it when the task is cancelled.
    func run() async throws {
        let isCancelled = Flag()
        try await withTaskCancellationHandler {
            try await TerminalProgram.lane.run { try run(isCancelled) }
        } onCancel: {
            isCancelled.value.store(true, ordering: .relaxed)
        }
    }

    private final class Flag: Sendable {
        let value = Atomic<Bool>(false)
    }

    private func run(_ cancelled: Flag) throws {
        // A terminal sends Ctrl-C to both: for us it would mean to leave.
        var ignored = sigaction()
        var before = sigaction()
        ignored.__sigaction_handler.sa_handler = SIG_IGN
        sigaction(SIGINT, &ignored, &before)
        defer { sigaction(SIGINT, &before, nil) }
        let process = try start()
        var status: Int32 = 0
        var isEnded = false
        while waitpid(process, &status, WNOHANG) == 0 {
            if cancelled.value.load(ordering: .relaxed), !isEnded {
                kill(process, SIGTERM)
                isEnded = true
            }
            usleep(50_000)
        }
    }

    private func start() throws -> pid_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
        let arguments = words.map { strdup($0) } + [nil]
        let environment = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in arguments + environment { free(pointer) } }
        var process: pid_t = 0
        let status = posix_spawnp(&process, words[0], nil, &attributes, arguments, environment)
        guard status == 0 else {
            throw CommandError.system(status, "the client cannot be started", subject: words[0])
        }
        return process
    }
}
