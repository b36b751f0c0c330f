import CLinux
import Glibc

extension OpenFolder {
    /// The raw target of a symlink; empty when it is none.
    public func target(_ name: [UInt8]) -> [UInt8] {
        var buffer = [CChar](repeating: 0, count: 5_000)
        let count = name.withCName { readlinkat(number, $0, &buffer, buffer.count) }
        return buffer.prefix(max(count, 0)).map { UInt8(bitPattern: $0) }
    }

    /// An extended attribute, also of a symlink; nil when it is not there.
    public func attribute(_ name: [UInt8], _ key: String) -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = procPath(name).withCName { lgetxattr($0, key, &buffer, buffer.count) }
        return count < 0 ? nil : Array(buffer.prefix(count))
    }

    /// All bytes of a file.
    public func content(_ name: [UInt8]) throws -> [UInt8] {
        let file = name.withCName { lb_openat(number, $0, O_RDONLY | O_NOFOLLOW, 0) }
        guard file >= 0 else { throw SystemError("open") }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: Int(try status(name).st_size))
        guard pread(file, &bytes, bytes.count, 0) == bytes.count else { throw SystemError("read") }
        return bytes
    }

    /// Takes an extended attribute away, also from a symlink.
    public func removeAttribute(_ name: [UInt8], _ key: String) {
        _ = procPath(name).withCName { lremovexattr($0, key) }
    }
}
