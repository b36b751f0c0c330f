import Glibc

/// Folders with names of any bytes.
enum RawFolder {
    static func isFolder(_ path: [UInt8]) -> Bool {
        var status = stat()
        return lstat(text(path), &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    static func names(in path: [UInt8]) throws -> [[UInt8]] {
        guard let folder = opendir(text(path)) else { throw failure("cannot read", path) }
        defer { closedir(folder) }
        var names = [[UInt8]]()
        errno = 0
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
            if name != [0x2E], name != [0x2E, 0x2E] { names.append(name) }
            errno = 0
        }
        guard errno == 0 else { throw failure("cannot read", path) }
        return names
    }

    /// Removes a file, or a folder with what is in it; gives how many files that were.
    static func remove(_ path: [UInt8]) throws -> Int {
        var status = stat()
        guard lstat(text(path), &status) == 0 else {
            guard errno == ENOENT else { throw failure("cannot look at", path) }
            return 0
        }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            guard unlink(text(path)) == 0 else { throw failure("cannot erase", path) }
            return 1
        }
        let count = try names(in: path).reduce(0) { $0 + (try remove(path + [0x2F] + $1)) }
        guard rmdir(text(path)) == 0 else { throw failure("cannot erase", path) }
        return count
    }

    private static func text(_ path: [UInt8]) -> [CChar] { path.map { CChar(bitPattern: $0) } + [0] }

    private static func failure(_ what: String, _ path: [UInt8]) -> RecoveryError {
        RecoveryError.system(errno, what, String(decoding: path, as: UTF8.self))
    }
}
