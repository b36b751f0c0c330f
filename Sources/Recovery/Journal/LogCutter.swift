import DataSources
import Journal
import Sealing
import Trees

/// Reads one log file as it grows and cuts it into pieces at places where its reader knows the position.
final class LogCutter {
    /// The first look, when nobody knows where the database stood before the file: small steps until the file says it.
    private static let smallWindow = 64
    private static let smallStepsEnd: UInt64 = 64 << 10
    private static let largestWindow = 32 << 20

    let name: String
    let file: SpoolFile
    private var reader: any LogReader
    private var hasher = SHA256Hasher()
    private let limit: UInt64
    private let window: Int
    private let now: @Sendable () -> Timestamp
    /// Bytes from the beginning that the reader calls valid, all of them hashed.
    private var validOffset: UInt64 = 0
    /// Bytes from the beginning that are in pieces, or were archived before.
    private var takenOffset: UInt64 = 0
    private var takenPosition: String
    private var position: String
    private var isPositionKnown: Bool
    private var times: (first: Int64?, last: Int64?) = (nil, nil)
    private(set) var seen: Timestamp?

    /// - Parameters:
    ///   - position: where the database stood before the file; empty when nobody knows.
    ///   - limit: the largest piece, bytes.
    init(
        _ log: LogFile, source: any LogSource, position: String, limit: UInt64, now: @escaping @Sendable () -> Timestamp
    ) throws {
        name = log.name
        file = try SpoolFile(log.path)
        reader = source.logReader(file: log.name, position: position)
        self.limit = limit
        window = Int(min(limit, 256 << 10))
        self.now = now
        self.position = position
        takenPosition = position
        isPositionKnown = !position.isEmpty
    }

    /// How far the pieces reach.
    var cursor: LogCursor {
        LogCursor(
            place: LogPlace(file: name, offset: takenOffset), endsFile: false, prefixDigest: hasher.digestSoFar().hex,
            position: takenPosition)
    }

    /// Bytes that are in no piece yet.
    private var heldByteCount: UInt64 { validOffset - takenOffset }

    /// How the file compares with what was archived of it before.
    enum Join { case same, tooShort, different }

    /// Reads up to `cursor`, which makes no pieces, and compares.
    func join(_ cursor: LogCursor) throws -> Join {
        guard try file.byteCount() >= cursor.place.offset else { return .tooShort }
        isPositionKnown = true
        while validOffset < cursor.place.offset {
            let count = Int(min(cursor.place.offset - validOffset, UInt64(window)))
            guard try step(count: count, isComplete: false) else {
                // The reader wants more than was valid before: it is no such log.
                return .different
            }
        }
        guard hasher.digestSoFar().hex == cursor.prefixDigest else { return .different }
        takenOffset = validOffset
        (takenPosition, position, times, seen) = (cursor.position, cursor.position, (nil, nil), nil)
        return .same
    }

    /// Takes what has come. `isComplete`: nothing will be added any more; then its last bytes are taken even if no reader
    /// calls them log, since a file must be whole to be replayed.
    func read(isComplete: Bool, into steps: inout [JournalStep]) throws {
        var count = window
        while try file.byteCount() > validOffset {
            let size = try file.byteCount()
            let wanted = isPositionKnown ? count : Self.smallWindow
            let offered = Int(min(UInt64(wanted), size - validOffset))
            if heldByteCount > 0, heldByteCount + UInt64(offered) > limit { cut(endsFile: false, into: &steps) }
            if try step(count: offered, isComplete: false) {
                count = window
            } else if offered == wanted, wanted < Self.largestWindow {
                isPositionKnown = true
                count = wanted * 2
            } else if isComplete {
                _ = try step(count: offered, isComplete: true)
            } else {
                break
            }
        }
        if isComplete { cut(endsFile: true, into: &steps) }
    }

    /// Makes a piece of what is held. An end of a file is a piece even without bytes.
    func cut(endsFile: Bool, into steps: inout [JournalStep]) {
        guard heldByteCount > 0 || endsFile else { return }
        let header = SegmentHeader(
            file: name, offset: takenOffset, byteCount: heldByteCount, endsFile: endsFile,
            prefixDigest: hasher.digestSoFar().hex, from: takenPosition, to: position, firstTime: times.first,
            lastTime: times.last, written: "")
        steps.append(.piece(LogPiece(file: file, header: header, seen: seen ?? now())))
        (takenOffset, takenPosition, times, seen) = (validOffset, position, (nil, nil), nil)
    }

    /// Reads the next `count` bytes; false when nothing of them is valid yet.
    private func step(count: Int, isComplete: Bool) throws -> Bool {
        let bytes = try file.read(at: validOffset, count: count)
        var next = validOffset
        if isComplete {
            next += UInt64(bytes.count)
        } else {
            let progress = try reader.read(bytes[...])
            next = progress.validOffset
            guard next >= validOffset, next - validOffset <= UInt64(bytes.count) else {
                throw SourceError(
                    .malformedStream, "the reader went from byte \(validOffset) to \(next) with \(bytes.count) bytes",
                    subject: file.path)
            }
            guard next > validOffset else { return false }
            take(progress)
        }
        hasher.update(bytes.prefix(Int(next - validOffset)))
        validOffset = next
        if seen == nil { seen = now() }
        return true
    }

    private func take(_ progress: LogProgress) {
        if !isPositionKnown {
            // What the file says of the time before it, unless events have ended already.
            if progress.firstTime == nil, !progress.position.isEmpty { takenPosition = progress.position }
            isPositionKnown =
                progress.firstTime != nil || !progress.position.isEmpty || progress.validOffset > Self.smallStepsEnd
        }
        position = progress.position
        times.first = [times.first, progress.firstTime].compactMap(\.self).min()
        times.last = [times.last, progress.lastTime].compactMap(\.self).max()
    }
}
