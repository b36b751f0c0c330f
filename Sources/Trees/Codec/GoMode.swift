/// Go's `os.FileMode`, which is what `mode` holds: permission bits as Unix has them, everything else at bits of its own.
enum GoMode {
    private static let setUserID: UInt32 = 1 << 23
    private static let setGroupID: UInt32 = 1 << 22
    private static let sticky: UInt32 = 1 << 20

    static func encode(_ kind: NodeKind, permissions: UInt32) -> UInt32 {
        var mode = permissions & 0o777
        if permissions & 0o4000 != 0 { mode |= setUserID }
        if permissions & 0o2000 != 0 { mode |= setGroupID }
        if permissions & 0o1000 != 0 { mode |= sticky }
        switch kind {
        case .file: break
        case .directory: mode |= 1 << 31
        case .symlink: mode |= 1 << 27
        case .blockDevice: mode |= 1 << 26
        case .characterDevice: mode |= 1 << 26 | 1 << 21
        case .fifo: mode |= 1 << 25
        case .socket: mode |= 1 << 24
        }
        return mode
    }

    /// Permissions with the three special bits. The kind is what `type` says, whatever the mode claims.
    static func permissions(_ mode: UInt32) -> UInt32 {
        var permissions = mode & 0o777
        if mode & setUserID != 0 { permissions |= 0o4000 }
        if mode & setGroupID != 0 { permissions |= 0o2000 }
        if mode & sticky != 0 { permissions |= 0o1000 }
        return permissions
    }
}

extension Metadata {
    /// Kind and permissions as restic's JSON has them: Go's `os.FileMode`.
    public var goFileMode: UInt32 { GoMode.encode(kind, permissions: permissions) }
}
