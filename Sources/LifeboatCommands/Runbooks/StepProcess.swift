import CLinux
import Glibc
import ObjectStore
import Synchronization

/// Shell text of a runbook, carried out on this machine for a person who watches.
///
/// Its output goes to a file, which is shown as it grows: what a step leaves running may hold the file open for ever, and nobody
/// waits for that.
struct StepProcess: Sendable {
    /// How it ended.
    struct Ending: Sendable {
        /// What went wrong; nil when it exited with 0.
        var failure: String?
        /// The last line that it wrote to its standard output; nil when there is none.
        var lastLine: String?
    }

    private static let lane = BlockingLane(name: "step", threadCount: 1)

    let text: String
    /// Its whole environment.
    let variables: [String: String]
    let timeout: Duration?
    /// Standard output goes here; standard error too, after `.err`.
    let file: String

    /// Runs it to its end; ends it with its group when it takes too long or the task is cancelled.
    func run(show: @escaping @Sendable (String) -> Void) async throws -> Ending {
        let isCancelled = Flag()
        return try await withTaskCancellationHandler {
            try await StepProcess.lane.run { try run(isCancelled, show) }
        } onCancel: {
            isCancelled.value.store(true, ordering: .relaxed)
        }
    }

    private final class Flag: Sendable {
        let value = Atomic<Bool>(false)
    }

    private func run(_ cancelled: Flag, _ show: (String) -> Void) throws -> Ending {
        let process = try start()
        var streams = [GrowingFile(file), GrowingFile(file + ".err")]
        let clock = ContinuousClock()
        let deadline = timeout.map { clock.now + $0 }
        var (status, reason) = (Int32(0), String?.none)
        var lastWord: ContinuousClock.Instant?
        while true {
            let ended = waitpid(process, &status, WNOHANG)
            for index in streams.indices { streams[index].showNew(show) }
            if ended == process || (ended < 0 && errno != EINTR) { break }
            let isLate = deadline.map { clock.now > $0 } ?? false
            if reason == nil, isLate || cancelled.value.load(ordering: .relaxed) {
                reason = isLate ? "took longer than its time" : "interrupted"
                lastWord = clock.now + .seconds(5)
                kill(-process, SIGTERM)
            }
            if let lastWord, clock.now > lastWord { kill(-process, SIGKILL) }
            usleep(50_000)
        }
        // What it started in the background is of no use any more when it was ended.
        if reason != nil { kill(-process, SIGKILL) }
        for index in streams.indices { streams[index].showRest(show) }
        let failure = reason ?? StepProcess.failure(status)
        return Ending(failure: failure, lastLine: failure == nil ? streams[0].lastLine : nil)
    }

    private static func failure(_ status: Int32) -> String? {
        let signal = status & 0x7F
        if signal != 0 { return "was ended by signal \(signal)" }
        let code = (status >> 8) & 0xFF
        return code == 0 ? nil : "exited with \(code)"
    }

    private func start() throws -> pid_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A group of its own: Ctrl-C is for us, and all of it can be ended.
        posix_spawnattr_setpgroup(&attributes, 0)
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF))
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        let flags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND
        posix_spawn_file_actions_addopen(&actions, 1, file, flags, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, file + ".err", flags, 0o600)
        let line: [String] = ["/bin/sh", "-eu", "-c", text]
        let words: [UnsafeMutablePointer<CChar>?] = line.map { strdup($0) } + [nil]
        let environment = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for pointer in words + environment { free(pointer) } }
        var process: pid_t = 0
        let status = posix_spawn(&process, "/bin/sh", &actions, &attributes, words, environment)
        guard status == 0 else {
            throw CommandError.system(status, "the step cannot be started", subject: file, hint: "is the disk full?")
        }
        return process
    }
}

/// A file that another process writes, read line by line as it grows.
private struct GrowingFile {
    private let descriptor: Int32
    private var pending = [UInt8]()
    private(set) var lastLine: String?

    init(_ path: String) { descriptor = open(path, O_RDONLY | O_CLOEXEC) }

    mutating func showNew(_ show: (String) -> Void) {
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while descriptor >= 0 {
            let count = read(descriptor, &piece, piece.count)
            guard count > 0 else { return }
            pending += piece[..<count]
            while let end = pending.firstIndex(of: 0x0A) {
                take(pending[..<end], show)
                pending.removeFirst(end + 1)
            }
        }
    }

    mutating func showRest(_ show: (String) -> Void) {
        showNew(show)
        if !pending.isEmpty { take(pending[...], show) }
        close(descriptor)
    }

    private mutating func take(_ bytes: ArraySlice<UInt8>, _ show: (String) -> Void) {
        let line = String(decoding: bytes, as: UTF8.self)
        if !line.allSatisfy(\.isWhitespace) { lastLine = line }
        show(line)
    }
}
