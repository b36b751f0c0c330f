import Glibc
import ObjectStore
import Synchronization

/// A process of this program that is in another session than the runner, outlives it, and is found again by the next one: the
/// observer, the canary.
struct HelperProcess: Sendable {
    /// Nothing here takes so long, seconds; only what hangs does.
    private static let patience = 120.0
    /// It is asked to end, and has so many seconds for that.
    private static let politeness = 10.0
    private static let look: UInt32 = 20_000

    /// `observer`, `canary`.
    let name: String
    /// The command.
    let words: [String]
    /// Its whole environment.
    let variables: [String: String]
    /// The drill's folder, for messages.
    let folder: String
    /// The file in which it says that it runs: see `ProcessClaim`.
    let claim: String
    /// Where its standard error goes.
    let messages: String

    /// Starts it unless it runs, and returns when it has claimed its part. Blocks.
    ///
    /// - Throws: `DrillError.helperFailed` with what it said.
    func start() throws -> Int32 {
        if let process = ProcessClaim.running(claim) { return process }
        let child = try launch([])
        let end = DrillClock.system.uptime() + Self.patience
        while ProcessClaim.running(claim) != child.process {
            if child.status != nil { throw failure("ended at once") }
            guard DrillClock.system.uptime() < end else {
                kill(child.process, SIGKILL)
                throw failure("does not begin")
            }
            usleep(Self.look)
        }
        return child.process
    }

    /// Ends it, if it runs. Blocks.
    func stop() {
        guard let process = ProcessClaim.running(claim) else { return }
        kill(process, SIGTERM)
        let end = DrillClock.system.uptime() + Self.politeness
        while ProcessClaim.running(claim) == process {
            if DrillClock.system.uptime() > end { kill(process, SIGKILL) }
            usleep(Self.look)
        }
    }

    func launch(_ more: [String]) throws -> HelperChild {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        // 0x80: POSIX_SPAWN_SETSID of glibc; a session of its own, so that no terminal ends it together with the runner.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | 0x80)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_addopen(
            &actions, 2, messages, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        let arguments = (words + more).map { strdup($0) } + [nil]
        let environment = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in arguments + environment { free(pointer) } }
        var process: pid_t = 0
        let status = posix_spawnp(&process, words[0], &actions, &attributes, arguments, environment)
        guard status == 0 else {
            throw DrillError(
                .helperFailed, "the \(name) cannot be started: \(String(cString: strerror(status)))", subject: words[0]
            )
        }
        return HelperChild(process)
    }

    func failure(_ what: String) -> DrillError {
        let said = ProcessClaim.text(of: messages)?.split(separator: "\n").joined(separator: " / ") ?? ""
        return DrillError(
            .helperFailed, "the \(name) \(what)", subject: folder,
            hint: said.isEmpty ? "it said nothing" : "it said: \(said)")
    }
}

/// A process that was started here. It is taken away as soon as it ends: a dead child that nobody fetches would be in the way of
/// whoever waits for any child.
final class HelperChild: Sendable {
    let process: pid_t
    private let ended = Mutex<Int32?>(nil)

    init(_ process: pid_t) {
        self.process = process
        let lane = BlockingLane(name: "helper-wait", threadCount: 1)
        Task {
            let status = await lane.run { Self.wait(for: process) }
            ended.withLock { $0 = status }
        }
    }

    /// Its exit status, 128 and more for a signal; nil while it runs.
    var status: Int32? { ended.withLock { $0 } }

    private static func wait(for process: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 {
            // Somebody else has fetched it: how it ended is not known.
            guard errno == EINTR else { return 128 }
        }
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }
}
