import ObjectStore
import Sealing
import Synchronization

/// Reads blobs through a few windows of the packs read last: blobs that are wanted one after another, above all the trees of
/// one snapshot, lie side by side, and one read for many beats one read for each.
final class PackWindows: Sendable {
    private struct Window: Sendable {
        let pack: PackID
        let start: UInt64
        let bytes: [UInt8]

        func cut(_ range: Range<UInt64>) -> [UInt8]? {
            guard range.lowerBound >= start, range.upperBound <= start + UInt64(bytes.count) else { return nil }
            return Array(bytes[Int(range.lowerBound - start)..<Int(range.upperBound - start)])
        }
    }

    private static let windowByteCount: UInt64 = 256 << 10
    private static let windowCount = 32
    private let windows = Mutex<[Window]>([])

    /// The sealed bytes of one blob, when a window holds them.
    func held(_ place: BlobPlace, of pack: PackID) -> [UInt8]? {
        windows.withLock { windows in
            for index in windows.indices.reversed() where windows[index].pack == pack {
                guard let bytes = windows[index].cut(place.range) else { continue }
                windows.append(windows.remove(at: index))
                return bytes
            }
            return nil
        }
    }

    /// The sealed bytes of one blob.
    ///
    /// Windows begin and end at multiples of their size: a snapshot's trees are stored from the leaves to the root and read
    /// from the root to the leaves, so what is wanted next lies as often before as behind.
    func read(_ place: BlobPlace, of pack: PackID, from store: any ObjectStore) async throws -> [UInt8] {
        if let held = held(place, of: pack) { return held }
        let range = place.range
        let name = Layout.pack(pack)
        let size = PackWindows.windowByteCount
        guard range.upperBound - range.lowerBound < size else {
            return try demand(try await store.get(name, range: range), range, name, store)
        }
        let start = range.lowerBound / size * size
        let bytes = try await store.get(name, range: start..<(range.upperBound + size - 1) / size * size)
        let window = Window(pack: pack, start: start, bytes: bytes)
        windows.withLock { windows in
            if windows.count >= PackWindows.windowCount { windows.removeFirst() }
            windows.append(window)
        }
        guard let blob = window.cut(range) else {
            throw cutShort(
                range, max(0, Int(clamping: start + UInt64(bytes.count)) - Int(range.lowerBound)), name, store)
        }
        return blob
    }

    /// Gives the memory back when nothing more is wanted for a while.
    func clear() { windows.withLock { $0 = [] } }

    private func demand(
        _ bytes: [UInt8], _ range: Range<UInt64>, _ name: String, _ store: any ObjectStore
    ) throws(RepositoryError) -> [UInt8] {
        guard bytes.count == range.upperBound - range.lowerBound else {
            throw cutShort(range, bytes.count, name, store)
        }
        return bytes
    }

    private func cutShort(
        _ range: Range<UInt64>, _ count: Int, _ name: String, _ store: any ObjectStore
    ) -> RepositoryError {
        RepositoryError(
            .packDamaged,
            "the pack is shorter than its index says: it ends \(count) bytes after byte \(range.lowerBound)",
            subject: "\(name) of \(store.location)", hint: "run `lifeboat check`, then `lifeboat repair packs`")
    }
}
