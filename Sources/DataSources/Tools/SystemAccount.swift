import Glibc

/// An account of this machine that a server runs as.
public struct SystemAccount: Sendable, Hashable {
    /// Login name.
    public let name: String
    /// User number.
    public let userID: UInt32
    /// Number of its group.
    public let groupID: UInt32

    /// Looks an account up; nil when there is none of that name.
    public init?(named name: String) {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        let account = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 16_384) { memory -> (uid_t, gid_t)? in
            guard let base = memory.baseAddress, getpwnam_r(name, &entry, base, memory.count, &found) == 0,
                let entry = found?.pointee
            else { return nil }
            return (entry.pw_uid, entry.pw_gid)
        }
        guard let account else { return nil }
        self.name = name
        (userID, groupID) = account
    }

    /// Are we root, so that programs can be run as another account, and files given to it?
    public static var canChange: Bool { geteuid() == 0 }
}
