import CLinux
import Glibc

/// Makes things in one folder. Everything throws `SystemError` when it cannot.
public struct TreeMaker {
    /// Where things are made.
    public let folder: OpenFolder

    /// Makes things in an open folder.
    public init(_ folder: OpenFolder) {
        self.folder = folder
    }

    /// Makes things in the folder of a path.
    public init(_ path: String) throws {
        folder = try OpenFolder(path)
    }

    private func check(_ result: Int32, _ call: String, _ name: [UInt8]) throws {
        if result != 0 { throw SystemError("\(call) \(String(decoding: name, as: UTF8.self))") }
    }

    /// A folder, and what makes things in it.
    @discardableResult
    public func directory(_ name: [UInt8], mode: UInt32 = 0o755) throws -> TreeMaker {
        try check(name.withCName { mkdirat(folder.number, $0, mode) }, "mkdir", name)
        let maker = TreeMaker(try OpenFolder(name, in: folder))
        try check(fchmod(maker.folder.number, mode), "chmod", name)
        return maker
    }

    /// A folder, and what makes things in it.
    @discardableResult
    public func directory(_ name: String, mode: UInt32 = 0o755) throws -> TreeMaker {
        try directory(Array(name.utf8), mode: mode)
    }

    /// A file with pieces of data at offsets, zeros or holes between them.
    public func file(
        _ name: [UInt8], pieces: [(offset: Int, bytes: [UInt8])], byteCount: Int, mode: UInt32 = 0o644
    ) throws {
        let flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW
        let file = name.withCName { lb_openat(folder.number, $0, flags, 0o600) }
        guard file >= 0 else { throw SystemError("create \(String(decoding: name, as: UTF8.self))") }
        defer { close(file) }
        try check(ftruncate(file, byteCount), "truncate", name)
        for piece in pieces {
            let count = piece.bytes.withUnsafeBytes { pwrite(file, $0.baseAddress, $0.count, piece.offset) }
            guard count == piece.bytes.count else { throw SystemError("write") }
        }
        try check(fchmod(file, mode), "chmod", name)
    }

    /// A file.
    public func file(_ name: [UInt8], _ bytes: [UInt8] = [], mode: UInt32 = 0o644) throws {
        try file(name, pieces: bytes.isEmpty ? [] : [(0, bytes)], byteCount: bytes.count, mode: mode)
    }

    /// A file of text.
    public func file(_ name: String, _ text: String = "", mode: UInt32 = 0o644) throws {
        try file(Array(name.utf8), Array(text.utf8), mode: mode)
    }

    /// A symlink.
    public func symlink(_ name: String, to target: [UInt8]) throws {
        let bytes = Array(name.utf8)
        let result = bytes.withCName { name in target.withCName { symlinkat($0, folder.number, name) } }
        try check(result, "symlink", bytes)
    }

    /// A symlink.
    public func symlink(_ name: String, to target: String) throws {
        try symlink(name, to: Array(target.utf8))
    }

    /// A second name for a file of another folder, or of this one.
    public func link(_ name: String, to other: String, in place: TreeMaker? = nil) throws {
        let bytes = Array(name.utf8)
        let result = bytes.withCName { name in
            Array(other.utf8).withCName { linkat((place ?? self).folder.number, $0, folder.number, name, 0) }
        }
        try check(result, "link", bytes)
    }

    /// A FIFO, socket or device: `kind` is one of the `S_IF…` numbers.
    public func special(_ name: String, kind: UInt32, mode: UInt32 = 0o640, device: UInt64 = 0) throws {
        let bytes = Array(name.utf8)
        try check(bytes.withCName { mknodat(folder.number, $0, kind | mode, dev_t(device)) }, "mknod", bytes)
        try check(bytes.withCName { fchmodat(folder.number, $0, mode, 0) }, "chmod", bytes)
    }

    /// Changes the owner, also of a symlink.
    public func own(_ name: String, user: UInt32, group: UInt32) throws {
        let bytes = Array(name.utf8)
        let result = bytes.withCName { fchownat(folder.number, $0, user, group, AT_SYMLINK_NOFOLLOW) }
        try check(result, "chown", bytes)
    }

    /// Changes permissions, as after a change of owner.
    public func mode(_ name: String, _ mode: UInt32) throws {
        let bytes = Array(name.utf8)
        try check(bytes.withCName { fchmodat(folder.number, $0, mode, 0) }, "chmod", bytes)
    }

    /// Sets an extended attribute, also of a symlink.
    public func attribute(_ name: String, _ key: String, _ value: [UInt8]) throws {
        let path = folder.procPath(Array(name.utf8))
        let result = path.withCName { path in lsetxattr(path, key, value, value.count, 0) }
        try check(result, "setxattr \(key)", Array(name.utf8))
    }

    /// Sets both times of a name, also of a symlink.
    public func times(_ name: [UInt8], seconds: Int, nanoseconds: Int) throws {
        let time = timespec(tv_sec: seconds, tv_nsec: nanoseconds)
        let result = name.withCName { utimensat(folder.number, $0, [time, time], AT_SYMLINK_NOFOLLOW) }
        try check(result, "utimensat", name)
    }
}

/// POSIX ACLs as the kernel keeps them in `system.posix_acl_access` and `…_default`.
public enum ACLBytes {
    /// Owner, one more user, group, mask and others, with permissions as in a mode.
    public static func make(owner: UInt16, user: (id: UInt32, UInt16), group: UInt16, mask: UInt16, other: UInt16)
        -> [UInt8]
    {
        func entry(_ tag: UInt16, _ permissions: UInt16, _ id: UInt32 = .max) -> [UInt8] {
            [tag, permissions].flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
                + (0..<4).map { UInt8(truncatingIfNeeded: id >> ($0 * 8)) }
        }
        return [2, 0, 0, 0] + entry(1, owner) + entry(2, user.1, user.id) + entry(4, group) + entry(16, mask)
            + entry(32, other)
    }
}
