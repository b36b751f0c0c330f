import Glibc
import Sealing

/// A file that holds a password, or shall.
enum PasswordFile {
    /// The largest password file that is read.
    static let largestByteCount = 64 << 10
    /// Random bytes in a secret that we make: 64 hexadecimal digits.
    static let secretByteCount = 32

    /// Reads a password. A file that anyone but its owner can read or write is refused: what opens every backup must not lie
    /// about. `what` is what messages call it.
    static func read(_ path: String, called what: String = "password file") throws -> SecretBytes {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw CommandError(
                .passwordFileUnusable, "cannot open the \(what): \(systemMessage(errno))", subject: path,
                hint: errno == ENOENT ? "check the path; a mounted secret may be missing" : "check its owner and mode")
        }
        defer { close(descriptor) }
        try refuseOpenMode(descriptor, path, what)
        let bytes = try readAll(descriptor, path, what)
        let password = PasswordText.password(in: bytes)
        guard !password.isEmpty else {
            throw CommandError(
                .passwordUnusable, "the \(what) is empty", subject: path,
                hint: "write the secret into it; white space at its ends does not count")
        }
        return SecretBytes(password)
    }

    private static func refuseOpenMode(_ descriptor: Int32, _ path: String, _ what: String) throws {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw CommandError.system(errno, "cannot look at the \(what)", subject: path)
        }
        if status.st_mode & S_IFMT == S_IFDIR {
            throw CommandError(.passwordFileUnusable, "the \(what) is a directory", subject: path)
        }
        guard status.st_mode & 0o066 == 0 else {
            let mode = String(status.st_mode & 0o7777, radix: 8)
            throw CommandError(
                .passwordFileUnusable, "the \(what) can be read or written by others (mode \(mode))",
                subject: path, hint: "run `chmod 600 \(ShellWords.quoted(path))`, and think about who may have read it")
        }
    }

    private static func readAll(_ descriptor: Int32, _ path: String, _ what: String) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: largestByteCount + 1)
        var count = 0
        while count < bytes.count {
            let got = bytes.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress?.advanced(by: count), $0.count - count)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else {
                throw CommandError.system(errno, "cannot read the \(what)", subject: path)
            }
            if got == 0 { break }
            count += got
        }
        guard count <= largestByteCount else {
            throw CommandError(
                .passwordFileUnusable, "the \(what) is larger than \(largestByteCount >> 10) KiB", subject: path,
                hint: "is it the right file?")
        }
        return Array(bytes[..<count])
    }

    /// Writes a new file with 256 random bits, as 64 hexadecimal digits, for its owner alone. Nothing is ever replaced.
    static func generate(_ path: String) throws -> SecretBytes {
        let digits = SecureRandom.bytes(secretByteCount).flatMap { byte in
            [byte >> 4, byte & 15].map { Array("0123456789abcdef".utf8)[Int($0)] }
        }
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw CommandError(
                .fileUnusable, "cannot make the file of the new password: \(systemMessage(errno))", subject: path,
                hint: errno == EEXIST ? "choose a new name; an existing file is never replaced" : "")
        }
        defer { close(descriptor) }
        let text = digits + [0x0A]
        // Whatever the umask is: 0600, no more and no less.
        guard fchmod(descriptor, 0o600) == 0,
            text.withUnsafeBytes({ write(descriptor, $0.baseAddress, $0.count) }) == text.count,
            fsync(descriptor) == 0
        else {
            let number = errno
            unlink(path)
            throw CommandError.system(number, "cannot write the file of the new password", subject: path)
        }
        return SecretBytes(digits)
    }
}
