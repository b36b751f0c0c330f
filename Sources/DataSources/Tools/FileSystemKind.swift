import CLinux

/// What kind of file system a path is on. Magic numbers: statfs(2).
struct FileSystemKind: Sendable, Hashable {
    let magic: UInt32

    /// nil when the path cannot be looked at.
    init?(of path: String) {
        var magic: UInt32 = 0
        guard lb_file_system_magic(path, &magic) == 0 else { return nil }
        self.magic = magic
    }

    var isBtrfs: Bool { magic == 0x9123_683E }
    var isNetwork: Bool { [0x6969, 0xFF53_4D42, 0xFE53_4D42, 0x517B, 0x6573_5546, 0x00C3_6400].contains(magic) }

    var name: String {
        switch magic {
        case 0x6969: "NFS"
        case 0xFF53_4D42, 0xFE53_4D42, 0x517B: "SMB"
        case 0x6573_5546: "FUSE"
        case 0x00C3_6400: "Ceph"
        case 0x9123_683E: "btrfs"
        default: "0x" + String(magic, radix: 16)
        }
    }
}
