import ObjectStore
import Sealing

/// Reads ranges of a pack in ascending order on a thread of ours: 4 MiB at a time, the next piece while this one is worked on.
final class PackStream {
    private static let pieceByteCount: UInt64 = 2 << 20
    /// Gaps up to this size are read rather than skipped.
    private static let gapByteCount: UInt64 = 1 << 20

    private let store: any ObjectStore
    private let name: String
    private let byteCount: UInt64
    /// Reads everything and takes its digest; else gaps are skipped.
    private let isHashing: Bool
    private var hasher = SHA256Hasher()
    /// The piece read last, and where it begins.
    private var piece: [UInt8] = []
    private var start: UInt64 = 0
    /// The last range that did not lie within one piece.
    private var joined: [UInt8] = []
    private var joinedStart: UInt64 = 0
    private var ahead: (start: UInt64, task: Task<[UInt8], any Error>)?

    init(_ pack: PackID, byteCount: UInt64, of repository: OpenRepository, isHashing: Bool) {
        store = repository.store
        name = Layout.pack(pack)
        self.byteCount = byteCount
        self.isHashing = isHashing
    }

    deinit { ahead?.task.cancel() }

    private var end: UInt64 { start + UInt64(piece.count) }

    /// Calls `body` with the bytes of a range of the pack. Ranges in ascending order are read once.
    func withBytes<R>(_ range: Range<UInt64>, _ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
        precondition(range.upperBound <= byteCount, "a range reaches beyond its pack")
        if !isHashing, range.lowerBound > end + PackStream.gapByteCount {
            start = range.lowerBound
            piece = []
        }
        while end <= range.lowerBound, end < range.upperBound { try advance() }
        if range.lowerBound >= start, range.upperBound <= end {
            return try unsafe PackStream.cut(piece, range, from: start, body)
        }
        if range.lowerBound < joinedStart || range.upperBound > joinedStart + UInt64(joined.count) { try join(range) }
        return try unsafe PackStream.cut(joined, range, from: joinedStart, body)
    }

    private static func cut<R>(
        _ bytes: [UInt8], _ range: Range<UInt64>, from start: UInt64, _ body: (UnsafeRawBufferPointer) throws -> R
    ) throws -> R {
        let first = Int(range.lowerBound - start)
        return try unsafe bytes.withUnsafeBytes { bytes in
            try unsafe body(UnsafeRawBufferPointer(rebasing: bytes[first..<first + range.count]))
        }
    }

    /// Puts together a range that lies in several pieces.
    private func join(_ range: Range<UInt64>) throws {
        joined.removeAll(keepingCapacity: true)
        joinedStart = range.lowerBound
        guard range.lowerBound >= start else { return try readAgain(range) }
        joined += piece[Int(range.lowerBound - start)...]
        while joined.count < range.count {
            try advance()
            joined += piece.prefix(range.count - joined.count)
        }
    }

    /// A range that begins before the piece at hand, since a pack and its index disagree about what lies there.
    private func readAgain(_ range: Range<UInt64>) throws {
        let (store, name) = (store, name)
        joined = try Threads.wait { try await store.get(name, range: range) }
        guard joined.count == range.count else { throw cutShort(at: range.lowerBound + UInt64(joined.count)) }
    }

    /// Reads what is left, and gives the digest of the whole pack.
    func finish() throws -> Digest {
        precondition(isHashing, "a pack that is read in parts has no digest")
        while end < byteCount { try advance() }
        return hasher.finish()
    }

    /// Goes on to the next piece.
    private func advance() throws {
        let from = end
        let task: Task<[UInt8], any Error>
        if let ahead, ahead.start == from {
            task = ahead.task
        } else {
            ahead?.task.cancel()
            task = fetch(from)
        }
        piece = []
        start = from
        piece = try Threads.wait { try await task.value }
        guard !piece.isEmpty, end <= byteCount else { throw cutShort(at: from) }
        if isHashing { hasher.update(piece) }
        ahead = end < byteCount ? (end, fetch(end)) : nil
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
