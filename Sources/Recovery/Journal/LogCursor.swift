import DataSources
import Journal

/// How far the log of a source has been taken.
struct LogCursor: Sendable, Hashable, Codable {
    /// The file and the first byte that was not taken.
    var place: LogPlace
    /// The file has ended there.
    var endsFile: Bool
    /// SHA-256, hexadecimal, of the file up to there.
    var prefixDigest: String
    /// Where the database stood.
    var position: String

    init(place: LogPlace, endsFile: Bool, prefixDigest: String, position: String) {
        self.place = place
        self.endsFile = endsFile
        self.prefixDigest = prefixDigest
        self.position = position
    }

    /// The end of what a header describes.
    init(_ header: SegmentHeader) {
        self.init(
            place: header.end, endsFile: header.endsFile, prefixDigest: header.prefixDigest, position: header.to)
    }
}

/// Whether what a server writes goes on where the journal stands. What only the bytes can tell, `FolderScan` finds out.
enum TimelineChoice: Sendable, Hashable {
    /// It does.
    case goOn
    /// It does not, since this.
    case begin(TimelineRecord.Reason)

    /// - Parameters:
    ///   - live: the newest timeline's record; nil when there is none.
    ///   - cursor: what was taken of it; nil when nothing was.
    init(live: TimelineRecord?, cursor: LogCursor?, server: LogState) {
        guard let live else {
            self = .begin(.first)
            return
        }
        let current = LogPlace(file: server.currentFile, offset: server.currentOffset)
        if live.server != server.server {
            self = .begin(.serverDifferent)
        } else if let cursor, current < cursor.place {
            self = .begin(.serverBehind)
        } else {
            self = .goOn
        }
    }
}

/// The beginning of a timeline, found by looking at the server.
struct TimelineStart: Sendable, Hashable, Codable {
    /// Why.
    var reason: TimelineRecord.Reason
    /// The server.
    var server: String
}
