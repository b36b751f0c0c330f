import Glibc

/// One runner at a time has a drill in its hands. The kernel lets go of it when the process ends, however that happens.
final class DrillLock: Sendable {
    private let file: Int32

    /// - Throws: `DrillError.isRunning` when somebody has it.
    init(_ folder: DrillFolder) throws(DrillError) {
        let path = folder.path + "/runner.lock"
        file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else {
            throw DrillError(.fileFailed, "cannot be opened: \(String(cString: strerror(errno)))", subject: path)
        }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            close(file)
            throw DrillError(
                .isRunning, "another runner has this drill in its hands", subject: folder.path,
                hint: "wait for it, or end it with SIGTERM: it brings staging back")
        }
    }

    deinit {
        flock(file, LOCK_UN)
        close(file)
    }
}
