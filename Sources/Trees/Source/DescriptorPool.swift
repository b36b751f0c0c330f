import CLinux
import Glibc
import Synchronization

/// Open directories of a walk, of which at most `limit` keep a descriptor: trees may be deeper than a process may have
/// open files. A directory that lost its descriptor is opened again from the nearest one above that has not.
final class DescriptorPool: Sendable {
    private struct Slot {
        let descriptor: Int32
        var userCount: Int
        var lastUse: UInt64
    }

    private struct Table {
        var slots: [UInt64: Slot] = [:]
        var clock: UInt64 = 0
        var lastID: UInt64 = 0
    }

    /// Descriptors that may stay open while nobody uses them.
    static let limit = 128

    private let table = Mutex(Table())

    func newID() -> UInt64 {
        table.withLock { table in
            table.lastID += 1
            return table.lastID
        }
    }

    /// The descriptor of a directory, if it has one, which stays open until `leave`.
    func enter(_ id: UInt64) -> Int32? {
        table.withLock { table in
            guard var slot = table.slots.removeValue(forKey: id) else { return nil }
            table.clock += 1
            slot.userCount += 1
            slot.lastUse = table.clock
            table.slots[id] = slot
            return slot.descriptor
        }
    }

    func leave(_ id: UInt64) {
        table.withLock { table in table.slots[id]?.userCount -= 1 }
    }

    /// Hands in a fresh descriptor and enters it. Another thread may have been faster: then its descriptor is used.
    func enter(_ id: UInt64, handingIn descriptor: Int32) -> Int32 {
        let (used, superfluous) = table.withLock { table -> (Int32, Int32?) in
            table.clock += 1
            if let slot = table.slots[id] {
                table.slots[id]?.userCount += 1
                return (slot.descriptor, descriptor)
            }
            let victim = table.slots.count < DescriptorPool.limit ? nil : DescriptorPool.leastUsed(table)
            let closed = victim.flatMap { table.slots.removeValue(forKey: $0)?.descriptor }
            table.slots[id] = Slot(descriptor: descriptor, userCount: 1, lastUse: table.clock)
            return (descriptor, closed)
        }
        if let superfluous { _ = close(superfluous) }
        return used
    }

    private static func leastUsed(_ table: Table) -> UInt64? {
        table.slots.filter { $0.value.userCount == 0 }.min { $0.value.lastUse < $1.value.lastUse }?.key
    }

    /// Forgets a directory and closes it.
    func remove(_ id: UInt64) {
        if let slot = table.withLock({ $0.slots.removeValue(forKey: id) }) { _ = close(slot.descriptor) }
    }
}

/// Which inode a name led to.
struct FileIdentity: Hashable, Sendable {
    let deviceID: UInt64
    let inode: UInt64

    init(_ metadata: Metadata) {
        (deviceID, inode) = (metadata.deviceID, metadata.inode)
    }

    init(_ status: stat) {
        (deviceID, inode) = (UInt64(status.st_dev), UInt64(status.st_ino))
    }
}
