import Glibc

/// The file that says which process has a part in a drill: its number and when it began, so that a number that another process got
/// later is not taken for it. The process holds the file locked, so that there is never a second one.
enum ProcessClaim {
    /// Says in `path` that this process has the part; holds until it ends.
    ///
    /// - Throws: `DrillError`: `isRunning` when another has it; `fileFailed`.
    static func claim(_ path: String, _ name: String, of folder: DrillFolder) throws {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw failure("cannot be opened", path) }
        // Never closed: the lock is held as long as the process lives.
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            close(file)
            throw DrillError(.isRunning, "another \(name) has this drill in its hands", subject: folder.path)
        }
        let text = Array("\(getpid()) \(startTime(of: getpid()) ?? "0")\n".utf8)
        guard ftruncate(file, 0) == 0, write(file, text, text.count) == text.count else {
            throw failure("cannot be written", path)
        }
    }

    /// The process that `path` tells of; nil when it does not run.
    static func running(_ path: String) -> Int32? {
        guard let text = text(of: path) else { return nil }
        let words = text.split(whereSeparator: \.isWhitespace)
        guard words.count == 2, let process = Int32(words[0]), process > 1, startTime(of: process) == String(words[1])
        else {
            return nil
        }
        return process
    }

    /// When a process began, in ticks since boot; nil when it is gone or a zombie: field 22 of `/proc/<pid>/stat`.
    private static func startTime(of process: Int32) -> String? {
        // The name of the program stands in parentheses and may hold anything.
        guard let text = text(of: "/proc/\(process)/stat"), let end = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ")
        guard fields.count > 19, fields[0] != "Z", fields[0] != "X" else { return nil }
        return String(fields[19])
    }

    /// The beginning of a small file.
    static func text(of path: String) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer[..<count], as: UTF8.self)
    }

    private static func failure(_ what: String, _ path: String) -> DrillError {
        DrillError(.fileFailed, "\(what): \(String(cString: strerror(errno)))", subject: path)
    }
}
