import DataSources
import Journal

/// Where an explored copy stands: between two transactions.
public struct Standing: Sendable, Hashable, Codable {
    /// Our timeline.
    public var timeline: UInt32
    /// The log file.
    public var file: String
    /// The first byte in it that is not in the copy.
    public var offset: UInt64
    /// The position, in the engine's own words.
    public var position: String
    /// The time of the last transaction that was replayed; nil when none was.
    public var lastTime: Double?
    /// What comes next: position and time, for people; nil at the end of the log.
    public var next: String?

    enum CodingKeys: String, CodingKey {
        case timeline, file, offset, position, next
        case lastTime = "last_time"
    }

    init(_ stop: LogStop) {
        timeline = stop.timeline
        (file, offset) = (stop.file, stop.offset)
        (position, lastTime, next) = (stop.position, stop.lastTime, stop.next)
    }

    /// Where a base stands.
    init(_ base: RestoreBase) {
        timeline = base.timeline
        (file, offset) = (base.place.file, base.place.offset)
        position = base.position
    }

    /// The beginning of a replay that goes on from here.
    func start(_ kind: SourceKind, like base: SourcePosition) -> SourcePosition {
        var start = base
        if kind == .mariadb {
            (start.gtid, start.binlogFile, start.binlogOffset) = (position, file, offset)
        } else {
            start.startLSN = position
        }
        return start
    }
}

/// How far to go on.
public enum ExploreStep: Sendable, Hashable {
    /// So many seconds by the log's clock.
    case seconds(Double)
    /// So many transactions.
    case transactions(Int)
    /// Through this position.
    case to(String)
}
