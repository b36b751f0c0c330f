import CLinux
import Glibc
import Synchronization

/// A lock between processes of this machine: an advisory lock on a file, which the kernel lets go of when its holder dies.
final class FileLock: Sendable {
    private let descriptor: Atomic<Int32>

    /// Takes the lock `name` in `folder`, which is made if need be.
    ///
    /// - Throws: `alreadyRunning` with who holds it; `systemFailed`.
    init(folder: String, name: String, what: String) throws {
        try StateFolder.make(folder)
        let path = "\(folder)/\(name).lock"
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw RecoveryError.system(errno, "cannot open a lock file", path) }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            let number = errno
            var text = [UInt8](repeating: 0, count: 100)
            let count = read(file, &text, text.count)
            close(file)
            guard number == EWOULDBLOCK else { throw RecoveryError.system(number, "cannot take a lock", path) }
            let holder = count > 0 ? " as process \(String(decoding: text[..<count], as: UTF8.self))" : ""
            throw RecoveryError(
                .alreadyRunning, "\(what) is running already\(holder)", subject: path,
                hint: "wait for it to end; nothing was done")
        }
        let holder = Array("\(getpid())".utf8)
        _ = ftruncate(file, 0)
        _ = write(file, holder, holder.count)
        descriptor = Atomic(file)
    }

    deinit { release() }

    /// Lets go.
    func release() {
        let file = descriptor.exchange(-1, ordering: .relaxed)
        guard file >= 0 else { return }
        // Closing alone would not do while a child that is just being started still has the file too.
        _ = flock(file, LOCK_UN)
        close(file)
    }
}

/// The folder for what outlives a run.
enum StateFolder {
    /// Makes it, with what is above it. Others may pass through, since servers run as other accounts on what lies below, and
    /// may not look around.
    static func make(_ path: String) throws {
        var made = ""
        for part in path.split(separator: "/") {
            made += "/" + part
            guard mkdir(made, made == path ? 0o711 : 0o755) != 0, errno != EEXIST else { continue }
            throw RecoveryError(
                .systemFailed, "cannot make the state folder: \(String(cString: strerror(errno)).lowercased())",
                subject: made, hint: "set `state:` to a folder that can be made and written to")
        }
    }
}

extension RecoveryError {
    static func system(_ number: Int32, _ what: String, _ path: String) -> RecoveryError {
        RecoveryError(.systemFailed, "\(what): \(String(cString: strerror(number)).lowercased())", subject: path)
    }
}
