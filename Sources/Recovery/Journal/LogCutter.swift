import DataSources
import Journal
import Sealing
import Trees

/// Reads one log file as it grows and cuts it into pieces at places where its reader knows the position.
final class LogCutter {
    /// The first look, when nobody knows where the database stood before the file: small steps until the file says it.
    private static let smallWindow = 16
    private static let smallStepsEnd: UInt64 = 64 << 10
    private static let largestWindow = 32 << 20

    let name: String
    let file: SpoolFile
    /// Where it lies now: tools rename files that are complete.
    var path: String
    private var reader: any LogReader
    private var hasher = SHA256Hasher()
    private let limit: UInt64
    private let window: Int
    private let now: @Sendable () -> Timestamp
    private var hashedOffset: UInt64 = 0
    /// Bytes from the beginning that the reader calls valid.
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
    ///
    /// Nil when the file has just been renamed.
    init?(
        _ log: LogFile, source: any LogSource, position: String, limit: UInt64, now: @escaping @Sendable () -> Timestamp
    ) throws {
        guard let file = try SpoolFile.ifThere(log.path) else { return nil }
        self.file = file
        path = log.path
        name = log.name
        reader = source.logReader(file: log.name, position: position)
        self.limit = limit
        window = Int(min(max(limit, 32 << 10), 256 << 10))
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

    /// Reads up to `cursor`, which makes no pieces, and compares. A file may be as long as it will ever be and not hold its
    /// bytes yet, so it is the reader who says how far it goes, unless it is complete.
    func join(_ cursor: LogCursor, isComplete: Bool) throws -> Join {
        let end = cursor.place.offset
        guard try file.byteCount() >= end else { return .tooShort }
        isPositionKnown = true
        while validOffset < end {
            let rest = Int(min(try file.byteCount() - validOffset, UInt64(window)))
            // Beyond the cursor only when the reader gets no further without.
            if try step(count: Int(min(UInt64(rest), end - validOffset))) { continue }
            if try step(count: rest) { continue }
            guard isComplete else { return .tooShort }
            take(through: end)
        }
        guard try digest(through: end) == cursor.prefixDigest else { return .different }
        takenOffset = end
        (takenPosition, position, times) = (
            cursor.position, validOffset == end ? cursor.position : position, (nil, nil)
        )
        seen = validOffset == end ? nil : now()
        return .same
    }

    /// Takes what has come. `isComplete`: nothing will be added any more; then its last bytes are taken even if no reader
    /// calls them log, since a file must be whole to be replayed.
    func read(isComplete: Bool, into steps: inout [JournalStep]) throws {
        var count = isPositionKnown ? window : Self.smallWindow
        while try file.byteCount() > validOffset {
            let offered = Int(min(UInt64(count), try file.byteCount() - validOffset))
            if heldByteCount > 0, heldByteCount + UInt64(offered) > limit { try cut(endsFile: false, into: &steps) }
            if try step(count: offered) {
                if isPositionKnown { count = window }
            } else if offered == count, count < Self.largestWindow {
                count *= 2
            } else if isComplete {
                take(through: validOffset + UInt64(offered))
            } else {
                break
            }
        }
        if isComplete { try cut(endsFile: true, into: &steps) }
    }

    /// Makes a piece of what is held. An end of a file is a piece even without bytes.
    func cut(endsFile: Bool, into steps: inout [JournalStep]) throws {
        guard heldByteCount > 0 || endsFile else { return }
        let header = SegmentHeader(
            file: name, offset: takenOffset, byteCount: heldByteCount, endsFile: endsFile,
            prefixDigest: try digest(through: validOffset), from: takenPosition, to: position, firstTime: times.first,
            lastTime: times.last, written: "")
        steps.append(.piece(LogPiece(file: file, path: path, header: header, seen: seen ?? now())))
        (takenOffset, takenPosition, times, seen) = (validOffset, position, (nil, nil), nil)
    }

    /// Gives the reader the next `count` bytes; false when nothing of them is valid yet.
    private func step(count: Int) throws -> Bool {
        let bytes = try file.read(at: validOffset, count: count)
        let progress = try reader.read(bytes[...])
        guard progress.validOffset >= validOffset, progress.validOffset - validOffset <= UInt64(bytes.count) else {
            throw SourceError(
                .malformedStream,
                "the reader went from byte \(validOffset) to \(progress.validOffset) with \(bytes.count) bytes",
                subject: file.path)
        }
        guard progress.validOffset > validOffset else { return false }
        validOffset = progress.validOffset
        take(progress)
        if seen == nil { seen = now() }
        return true
    }

    /// Takes bytes that no reader calls log.
    private func take(through end: UInt64) {
        validOffset = end
        if seen == nil { seen = now() }
    }

    /// SHA-256 of the file up to `end`, hexadecimal; ends ascend. The bytes are read again: a file that its tool fills in any
    /// order was perhaps not full when the reader began to look at them, but is where it has found them valid.
    private func digest(through end: UInt64) throws -> String {
        while hashedOffset < end {
            let bytes = try file.read(at: hashedOffset, count: Int(min(end - hashedOffset, 1 << 20)))
            guard !bytes.isEmpty else {
                throw RecoveryError(.systemFailed, "a spooled log file became shorter", subject: file.path)
            }
            hasher.update(bytes)
            hashedOffset += UInt64(bytes.count)
        }
        return hasher.digestSoFar().hex
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
