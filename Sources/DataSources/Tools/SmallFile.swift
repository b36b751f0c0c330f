import Glibc

/// Files that are read and written whole. Calls block.
enum SmallFile {
    /// The whole of a file that should be small.
    static func read(_ path: String, limit: Int = 1 << 20) throws(SourceError) -> [UInt8] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw FileTree.failure("cannot open it", path) }
        defer { close(file) }
        var bytes = [UInt8]()
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileTree.failure("cannot read it", path) }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
            guard bytes.count <= limit else {
                throw SourceError(.malformedStream, "longer than \(limit) bytes, which it never is", subject: path)
            }
        }
    }

    /// Makes a file, or replaces its content.
    static func write(_ path: String, _ bytes: [UInt8], permissions: mode_t = 0o600) throws(SourceError) {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, permissions)
        guard file >= 0 else { throw FileTree.failure("cannot make it", path) }
        defer { close(file) }
        try append(bytes[...], to: file, path)
    }

    /// Makes a file that only `owner`, or we, can read; one of that name goes.
    static func writePrivate(_ path: String, _ bytes: [UInt8], owner: SystemAccount? = nil) throws(SourceError) {
        unlink(path)
        let file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw FileTree.failure("cannot make a file", path) }
        defer { close(file) }
        if let owner, fchown(file, owner.userID, owner.groupID) != 0 {
            throw FileTree.failure("cannot give a file to \(owner.name)", path)
        }
        try append(bytes[...], to: file, path)
    }

    /// Writes all of it to an open file.
    static func append(_ bytes: ArraySlice<UInt8>, to file: Int32, _ path: String) throws(SourceError) {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw FileTree.failure("cannot write it", path) }
            rest = rest.dropFirst(count)
        }
    }
}
