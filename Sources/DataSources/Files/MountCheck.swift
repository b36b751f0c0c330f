import CLinux
import Glibc
import ObjectStore
import Synchronization

/// Looks whether paths that must be mounted are, and whether what is mounted there answers.
enum MountCheck {
    /// How long a mount may take to answer.
    static let patience = Duration.seconds(10)

    /// Throws for the first path that is no mount point, or one that does not answer.
    static func require(_ paths: [String], patience: Duration = patience) async throws(SourceError) {
        for path in paths {
            if let flaw = await flaw(of: path, patience: patience) {
                throw SourceError(
                    .suspectContent, flaw, subject: path,
                    hint: "mount it again; what is seen there now is not what should be saved")
            }
        }
    }

    /// What is wrong with a path that must be a mount point; nil when all is well.
    static func flaw(of path: String, patience: Duration = patience) async -> String? {
        // The table first: looking at a path on a dead server may never end.
        let clean = "/" + path.split(separator: "/").joined(separator: "/")
        guard let answer = await answer(within: patience, { look(at: clean) }) else {
            return "what is mounted here does not answer within \(patience)"
        }
        return answer
    }

    private static func look(at path: String) -> String? {
        var magic: UInt32 = 0
        guard lb_file_system_magic(path, &magic) == 0 else {
            let number = errno
            return number == ENOTCONN
                ? "what is mounted here is dead: \(errorText(number))" : "cannot be looked at: \(errorText(number))"
        }
        guard let resolved = realpath(path, nil) else { return "cannot be looked at: \(errorText(errno))" }
        defer { free(resolved) }
        let real = String(cString: resolved)
        if let table = MountTable.current() { return table.isMountPoint(real) ? nil : "is not mounted" }
        var own = stat()
        var above = stat()
        guard stat(real, &own) == 0, stat(real + "/..", &above) == 0 else { return "cannot be looked at" }
        return own.st_dev != above.st_dev || own.st_ino == above.st_ino ? nil : "is not mounted"
    }

    /// Runs a call that may hang on a thread of its own, and gives it up after a while. The thread is then lost until the call
    /// ends: there is no way to take it back.
    private static func answer<T: Sendable>(
        within time: Duration, _ body: @escaping @Sendable () -> T
    ) async -> T? {
        let lane = BlockingLane(name: "mount", threadCount: 1)
        let slot = Slot<T>()
        return await withCheckedContinuation { continuation in
            slot.set(continuation)
            let timer = Task {
                // A cancelled wait is one that is not needed any more.
                try? await Task.sleep(for: time)
                slot.resume(nil)
            }
            Task {
                let value = await lane.run(body)
                slot.resume(value)
                timer.cancel()
            }
        }
    }

    /// Resumes once, whoever comes first.
    private final class Slot<T: Sendable>: Sendable {
        private let continuation = Mutex<CheckedContinuation<T?, Never>?>(nil)

        func set(_ value: CheckedContinuation<T?, Never>) { continuation.withLock { $0 = value } }

        func resume(_ value: T?) { continuation.withLock { $0.take() }?.resume(returning: value) }
    }
}
