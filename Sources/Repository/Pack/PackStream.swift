import ObjectStore
import Sealing

/// Reads ranges of a pack in ascending order on a thread of ours: 4 MiB at a time, the next piece while this one is worked on.
final class PackStream {
    private static let pieceByteCount: UInt64 = 4 << 20
    /// Gaps up to this size are read rather than skipped.
    private static let gapByteCount: UInt64 = 1 << 20

    private let store: any ObjectStore
    private let name: String
    private let byteCount: UInt64
    /// Reads everything and takes its digest; else gaps are skipped.
    private let isHashing: Bool
    private var hasher = SHA256Hasher()
    private var held: [UInt8] = []
    private var start: UInt64 = 0
    private var ahead: (start: UInt64, task: Task<[UInt8], any Error>)?

    init(_ pack: PackID, byteCount: UInt64, of repository: OpenRepository, isHashing: Bool) {
        store = repository.store
        name = Layout.pack(pack)
        self.byteCount = byteCount
        self.isHashing = isHashing
    }

    deinit { ahead?.task.cancel() }

    private var end: UInt64 { start + UInt64(held.count) }

    /// Calls `body` with the bytes of a range that begins at or behind the one asked for before, and ends inside the pack.
    func withBytes<R>(_ range: Range<UInt64>, _ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
        try load(range)
        let first = Int(range.lowerBound - start)
        return try unsafe held.withUnsafeBytes { bytes in
            try unsafe body(UnsafeRawBufferPointer(rebasing: bytes[first..<first + range.count]))
        }
    }

    /// Reads what is left, and gives the digest of the whole pack.
    func finish() throws -> Digest {
        precondition(isHashing, "a pack that is read in parts has no digest")
        while end < byteCount {
            start = end
            held = try nextPiece()
        }
        return hasher.finish()
    }

    private func load(_ range: Range<UInt64>) throws {
        precondition(range.lowerBound >= start && range.upperBound <= byteCount, "ranges of a pack in ascending order")
        if !isHashing, range.lowerBound > end + PackStream.gapByteCount {
            start = range.lowerBound
            held = []
        }
        while end < range.upperBound {
            let keep = min(range.lowerBound, end)
            let piece = try nextPiece()
            if keep == end {
                start = end
                held = piece
            } else {
                held.removeFirst(Int(keep - start))
                start = keep
                held += piece
            }
        }
    }

    /// The bytes that follow those held.
    private func nextPiece() throws -> [UInt8] {
        let from = end
        let task: Task<[UInt8], any Error>
        if let ahead, ahead.start == from {
            task = ahead.task
        } else {
            ahead?.task.cancel()
            task = fetch(from)
        }
        let piece = try Threads.wait { try await task.value }
        guard !piece.isEmpty, from + UInt64(piece.count) <= byteCount else { throw cutShort(at: from) }
        if isHashing { hasher.update(piece) }
        let next = from + UInt64(piece.count)
        ahead = next < byteCount ? (next, fetch(next)) : nil
        return piece
    }

    private func fetch(_ from: UInt64) -> Task<[UInt8], any Error> {
        let (store, name) = (store, name)
        let range = from..<min(byteCount, from + PackStream.pieceByteCount)
        return Task { try await store.get(name, range: range) }
    }

    private func cutShort(at offset: UInt64) -> RepositoryError {
        PackHeader.damaged("it ends at byte \(offset) of \(byteCount)", "\(name) of \(store.location)")
    }
}
