import Glibc

/// Small files that are whole or not there, whenever the machine stops. Calls block.
enum DurableFile {
    /// The bytes of a file; nil when there is none.
    static func read(_ path: String, limit: Int) throws(LedgerError) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw failure("cannot open", path)
        }
        defer { close(file) }
        var bytes = [UInt8]()
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("cannot read", path) }
            if count == 0 { return bytes }
            bytes += buffer[..<count]
            guard bytes.count <= limit else {
                throw LedgerError(.stateUnusable, "the file is larger than \(limit) bytes", subject: path)
            }
        }
    }

    /// Writes a file that only we can read, and replaces the one that was there.
    static func write(_ bytes: [UInt8], to path: String) throws(LedgerError) {
        let temporary = try prepare(bytes, path)
        guard rename(temporary, path) == 0 else { throw failure("cannot rename", path) }
        try syncFolder(of: path)
    }

    /// Writes a file unless there is one. Returns whether it did.
    static func create(_ bytes: [UInt8], at path: String) throws(LedgerError) -> Bool {
        let temporary = try prepare(bytes, path)
        defer { unlink(temporary) }
        guard link(temporary, path) == 0 else {
            if errno == EEXIST { return false }
            throw failure("cannot make", path)
        }
        try syncFolder(of: path)
        return true
    }

    /// Removes a file; fine when it is not there.
    static func remove(_ path: String) throws(LedgerError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw failure("cannot remove", path) }
    }

    /// Makes a folder, for us alone, with those above it.
    static func makeFolder(_ path: String) throws(LedgerError) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw failure("cannot make the folder", path)
        }
        try makeFolder(String(path[..<slash]))
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw failure("cannot make the folder", path) }
    }

    /// Names in a folder, in order.
    static func names(in folder: String) throws(LedgerError) -> [String] {
        guard let stream = opendir(folder) else { throw failure("cannot list", folder) }
        defer { closedir(stream) }
        var names = [String]()
        while let entry = readdir(stream) {
            names.append(
                withUnsafePointer(to: &entry.pointee.d_name) {
                    $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
                })
        }
        return names.sorted()
    }

    static func failure(_ what: String, _ path: String) -> LedgerError {
        let number = errno
        let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { memory -> String in
            guard let base = memory.baseAddress, strerror_r(number, base, memory.count) == 0 else {
                return "error \(number)"
            }
            return String(cString: base).lowercased()
        }
        return LedgerError(
            .stateUnusable, "\(what) a file of the ledger's state: \(text)", subject: path,
            hint: "check owner, mode and free space of the folder")
    }

    private static func prepare(_ bytes: [UInt8], _ path: String) throws(LedgerError) -> String {
        let temporary = "\(path).\(getpid()).\(UInt32.random(in: 0...UInt32.max)).tmp"
        let file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure("cannot make", temporary) }
        defer { close(file) }
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { buffer in
                Glibc.write(file, buffer.baseAddress.map { $0 + done }, buffer.count - done)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                defer { unlink(temporary) }
                throw failure("cannot write", temporary)
            }
            done += count
        }
        guard fsync(file) == 0 else {
            defer { unlink(temporary) }
            throw failure("cannot sync", temporary)
        }
        return temporary
    }

    private static func syncFolder(of path: String) throws(LedgerError) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("cannot open", folder) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 || errno == EINVAL else { throw failure("cannot sync", folder) }
    }
}
