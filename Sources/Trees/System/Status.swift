import Glibc

extension NodeKind {
    /// The kind of thing that `st_mode` tells; nil for what Linux does not have.
    init?(mode: mode_t) {
        switch mode & S_IFMT {
        case S_IFREG: self = .file
        case S_IFDIR: self = .directory
        case S_IFLNK: self = .symlink
        case S_IFBLK: self = .blockDevice
        case S_IFCHR: self = .characterDevice
        case S_IFIFO: self = .fifo
        case S_IFSOCK: self = .socket
        default: return nil
        }
    }
}

extension Timestamp {
    init(_ time: timespec) {
        self.init(seconds: Int64(time.tv_sec), nanoseconds: UInt32(min(max(time.tv_nsec, 0), 999_999_999)))
    }

    /// What `utimensat` takes.
    var timespec: timespec {
        Glibc.timespec(tv_sec: Int(seconds), tv_nsec: Int(nanoseconds))
    }
}

extension Metadata {
    /// What `lstat` says; nil for a kind of thing that Linux does not have.
    ///
    /// `accessed` is `modified` unless `keepsAccessTime`: reading must not make a tree look changed.
    @inline(__always)
    init?(_ status: stat, keepsAccessTime: Bool = false) {
        guard let kind = NodeKind(mode: status.st_mode) else { return nil }
        let modified = Timestamp(status.st_mtim)
        self.init(
            kind: kind, permissions: status.st_mode & 0o7777, modified: modified,
            accessed: keepsAccessTime ? Timestamp(status.st_atim) : modified, changed: Timestamp(status.st_ctim),
            userID: status.st_uid, groupID: status.st_gid, inode: UInt64(status.st_ino),
            deviceID: UInt64(status.st_dev), linkCount: UInt64(status.st_nlink),
            byteCount: kind == .file ? UInt64(clamping: status.st_size) : 0,
            device: kind == .blockDevice || kind == .characterDevice ? UInt64(status.st_rdev) : 0)
    }
}
