import Glibc
import Synchronization

/// Names of users and groups by number, asked once each: 200 000 files have a handful of owners.
final class OwnerNames: Sendable {
    private struct Names {
        var users: [UInt32: String] = [:]
        var groups: [UInt32: String] = [:]
    }

    private let names = Mutex(Names())

    /// The user's name; empty when there is none.
    func user(_ id: UInt32) -> String {
        if let known = names.withLock({ $0.users[id] }) { return known }
        // Asked without the lock: a directory service may take its time.
        let name = OwnerNames.lookUpUser(id)
        names.withLock { $0.users[id] = name }
        return name
    }

    /// The group's name; empty when there is none.
    func group(_ id: UInt32) -> String {
        if let known = names.withLock({ $0.groups[id] }) { return known }
        let name = OwnerNames.lookUpGroup(id)
        names.withLock { $0.groups[id] = name }
        return name
    }

    private static func lookUpUser(_ id: UInt32) -> String {
        var entry = unsafe passwd()
        return unsafe lookUp { memory in
            guard let base = memory.baseAddress else { return (ENOMEM, nil) }
            var found: UnsafeMutablePointer<passwd>?
            let status = unsafe getpwuid_r(id, &entry, base, memory.count, &found)
            return unsafe (status, found?.pointee.pw_name.map { unsafe String(cString: $0) })
        }
    }

    private static func lookUpGroup(_ id: UInt32) -> String {
        var entry = unsafe group_entry()
        return unsafe lookUp { memory in
            guard let base = memory.baseAddress else { return (ENOMEM, nil) }
            var found: UnsafeMutablePointer<group_entry>?
            let status = unsafe getgrgid_r(id, &entry, base, memory.count, &found)
            return unsafe (status, found?.pointee.gr_name.map { unsafe String(cString: $0) })
        }
    }

    /// Groups with thousands of members need much memory for one name.
    private static func lookUp(_ call: (UnsafeMutableBufferPointer<CChar>) -> (Int32, String?)) -> String {
        var byteCount = 2_048
        while byteCount <= 1 << 22 {
            let (status, name) = unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: byteCount) {
                unsafe call($0)
            }
            if status != ERANGE { return name ?? "" }
            byteCount *= 4
        }
        return ""
    }
}

/// `struct group`, whose name the property of the same name would hide.
private typealias group_entry = Glibc.group
