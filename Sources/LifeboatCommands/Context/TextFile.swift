import Glibc

/// Small files of text.
enum TextFile {
    /// As much as anything that a person writes may have.
    static let largestByteCount = 1 << 20

    /// Reads one.
    ///
    /// - Parameters:
    ///   - name: what it is called in messages.
    ///   - limit: the most bytes that it may have.
    ///   - hint: what to do when it cannot be opened; nil for what its kind of failure suggests.
    /// - Throws: `CommandError`.
    static func read(
        _ path: String, called name: String, limit: Int = largestByteCount, hint: String? = nil
    ) throws -> String {
        guard let text = String(validating: try bytes(path, called: name, limit: limit, hint: hint), as: UTF8.self)
        else {
            throw CommandError(.fileUnusable, "the \(name) is no text in UTF-8", subject: path)
        }
        return text
    }

    /// Its bytes.
    static func bytes(_ path: String, called name: String, limit: Int, hint: String? = nil) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw CommandError(
                .fileUnusable, "cannot open the \(name): \(systemMessage(errno))", subject: path,
                hint: hint ?? (errno == ENOENT ? "check the path" : "check its owner and mode"))
        }
        defer { close(descriptor) }
        var bytes = [UInt8]()
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count <= limit {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw CommandError.system(errno, "cannot read the \(name)", subject: path) }
            if count == 0 { return bytes }
            bytes += piece[..<count]
        }
        throw CommandError(.fileUnusable, "the \(name) has more than \(limit) bytes", subject: path)
    }

    /// Writes a whole file, or nothing: another is put into its place.
    static func write(_ bytes: some Sequence<UInt8>, to path: String, permissions: mode_t = 0o644) throws {
        let temporary = path + ".new"
        // In a folder that is everybody's, somebody else may have put a link there.
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, permissions)
        guard descriptor >= 0 else { throw CommandError.system(errno, "cannot write the file", subject: path) }
        do {
            defer { close(descriptor) }
            try append(Array(bytes), to: descriptor, path)
            guard fsync(descriptor) == 0 else { throw CommandError.system(errno, "cannot write", subject: path) }
        } catch {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, path) == 0 else {
            throw CommandError.system(errno, "cannot write the file", subject: path)
        }
    }

    /// Writes all of `bytes` where the descriptor stands.
    static func append(_ bytes: [UInt8], to descriptor: Int32, _ path: String) throws {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { all in
                Glibc.write(descriptor, all.baseAddress?.advanced(by: done), all.count - done)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw CommandError.system(errno, "cannot write", subject: path) }
            done += count
        }
    }
}
