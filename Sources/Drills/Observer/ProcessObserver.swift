import Glibc
import ObjectStore
import Synchronization

/// The observer as a process of its own: it is in another session than the runner, outlives it, and is found again by the next one.
public struct ProcessObserver: ObserverControl {
    /// Nothing here takes so long, seconds; only what hangs does.
    private static let patience = 120.0
    /// It is asked to end, and has so many seconds for that.
    private static let politeness = 10.0
    private static let look: UInt32 = 20_000

    private let words: [String]
    private let variables: [String: String]
    private let folder: DrillFolder
    private let lane = BlockingLane(name: "observer-control", threadCount: 1)

    /// - Parameters:
    ///   - program: `lifeboat`; it is started as `lifeboat drill observe FOLDER`.
    ///   - folder: the drill's, with its scenario in it.
    ///   - namespace: the network namespace it runs in, `/run/netns/NAME`; nil for ours.
    ///   - variables: its whole environment.
    public init(program: String, folder: DrillFolder, namespace: String? = nil, variables: [String: String]) {
        let outside = namespace.map { ["nsenter", "--net=/run/netns/\($0)", "--"] } ?? []
        words = outside + [program, "drill", "observe", folder.path]
        self.folder = folder
        self.variables = variables
    }

    /// - Throws: `DrillError.helperFailed` with what it said.
    public func start() async throws -> Int32 {
        try await lane.run { () throws in
            if let process = ObserverProcess.running(folder) { return process }
            let child = try launch([])
            let end = DrillClock.system.uptime() + Self.patience
            while ObserverProcess.running(folder) != child.process {
                if child.status != nil { throw failure("ended at once") }
                guard DrillClock.system.uptime() < end else {
                    kill(child.process, SIGKILL)
                    throw failure("does not begin")
                }
                usleep(Self.look)
            }
            return child.process
        }
    }

    /// Ends the observer and has another process of it look for the beats.
    public func readBack() async throws -> Int {
        await stop()
        let isCancelled = Flag()
        try await withTaskCancellationHandler {
            try await lane.run { () throws in
                let child = try launch(["--read-back"])
                while true {
                    if let status = child.status {
                        if status != 0 { throw failure("could not look for what was written") }
                        return
                    }
                    if isCancelled.value.load(ordering: .relaxed) { kill(child.process, SIGTERM) }
                    usleep(Self.look)
                }
            }
        } onCancel: {
            isCancelled.value.store(true, ordering: .relaxed)
        }
        try Task.checkCancellation()
        let log = LineLog<ObserverRecord>(folder.observer)
        return try await lane.run { () throws in
            var numbers: Set<Int> = []
            for case .found(let number, _, _, _) in try log.read() { numbers.insert(number) }
            return numbers.count
        }
    }

    public func stop() async {
        await lane.run {
            guard let process = ObserverProcess.running(folder) else { return }
            kill(process, SIGTERM)
            let end = DrillClock.system.uptime() + Self.politeness
            while ObserverProcess.running(folder) == process {
                if DrillClock.system.uptime() > end { kill(process, SIGKILL) }
                usleep(Self.look)
            }
        }
    }

    private func launch(_ more: [String]) throws -> ObserverChild {
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
            &actions, 2, folder.observerMessages, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        let arguments = (words + more).map { strdup($0) } + [nil]
        let environment = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in arguments + environment { free(pointer) } }
        var process: pid_t = 0
        let status = posix_spawnp(&process, words[0], &actions, &attributes, arguments, environment)
        guard status == 0 else {
            throw DrillError(
                .helperFailed, "the observer cannot be started: \(String(cString: strerror(status)))", subject: words[0]
            )
        }
        return ObserverChild(process)
    }

    private func failure(_ what: String) -> DrillError {
        let said =
            ObserverProcess.text(of: folder.observerMessages)?.split(separator: "\n").joined(separator: " / ") ?? ""
        return DrillError(
            .helperFailed, "the observer \(what)", subject: folder.path,
            hint: said.isEmpty ? "it said nothing" : "it said: \(said)")
    }

    private final class Flag: Sendable {
        let value = Atomic<Bool>(false)
    }
}

/// A process that was started here. It is taken away as soon as it ends: a dead child that nobody fetches would be in the way of
/// whoever waits for any child.
private final class ObserverChild: Sendable {
    let process: pid_t
    private let ended = Mutex<Int32?>(nil)

    init(_ process: pid_t) {
        self.process = process
        let lane = BlockingLane(name: "observer-wait", threadCount: 1)
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
