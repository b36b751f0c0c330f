import Glibc
import Synchronization

/// Keeps the entries of the folder that was listed last, so that the pages of a large folder do not each read and sort it.
///
/// It is used only while the folder is unchanged by its time stamps and nothing was written through this store. A foreign
/// write within one tick of the file system's clock may go unseen, which the contract allows: what is missing then was not
/// there when the listing began.
final class ListingMemory: Sendable {
    private struct Kept {
        let folder: [UInt8]
        let stamp: Stamp
        let entries: FolderEntries
    }

    private struct Stamp: Equatable {
        let device: UInt64
        let inode: UInt64
        let seconds: Int
        let nanoseconds: Int

        init?(_ path: String) {
            var status = stat()
            guard unsafe stat(path, &status) == 0 else { return nil }
            device = UInt64(status.st_dev)
            inode = UInt64(status.st_ino)
            seconds = status.st_mtim.tv_sec
            nanoseconds = status.st_mtim.tv_nsec
        }
    }

    /// Smaller folders are read anew each time.
    private static let smallestWorthKeeping = 1000

    private let kept = Mutex<Kept?>(nil)

    func forget() {
        kept.withLock { $0 = nil }
    }

    /// The entries of `folder` (empty for the root, else with a `/` at its end); nil when it is not there.
    func entries(of folder: [UInt8], in store: DirectoryStore) throws(StoreError) -> FolderEntries? {
        let path = folder.isEmpty ? store.root : store.path(String(decoding: folder.dropLast(), as: UTF8.self))
        let known = kept.withLock { $0 }
        if let known, known.folder == folder, known.stamp == Stamp(path) { return known.entries }
        let stamp = Stamp(path)
        guard let entries = try FolderEntries.read(path, in: store, isRoot: folder.isEmpty) else { return nil }
        if let stamp, entries.keys.count >= ListingMemory.smallestWorthKeeping {
            let fresh = Kept(folder: folder, stamp: stamp, entries: entries)
            kept.withLock { $0 = fresh }
        }
        return entries
    }
}
