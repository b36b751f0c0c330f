import Glibc

/// A script that grows. For its owner alone: it holds what people wrote.
struct ScriptFile: Sendable {
    let path: String
    private let descriptor: Int32

    /// Makes it.
    ///
    /// - Throws: `systemFailed`; also when something is there already.
    init(_ path: String) throws {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw RecoveryError.system(errno, "cannot write", path) }
    }

    /// Adds lines.
    func write(_ lines: [String]) throws {
        guard !lines.isEmpty else { return }
        let bytes = Array((lines.joined(separator: "\n") + "\n").utf8)
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw RecoveryError.system(errno, "cannot write", path) }
            done += count
        }
    }

    /// Flushes and closes it. Nothing may be called afterwards.
    func finish() throws {
        guard fsync(descriptor) == 0 else { throw RecoveryError.system(errno, "cannot flush", path) }
        close(descriptor)
    }

    /// Removes it, instead of `finish`.
    func abandon() {
        unlink(path)
        close(descriptor)
    }
}
