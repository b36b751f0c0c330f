import FoundationEssentials

/// What an event tells of. Kinds of later releases are read as they are.
public struct EventKind: RawRepresentable, Sendable, Hashable {
    public let rawValue: String

    public init(rawValue: String) { self.rawValue = rawValue }

    /// A backup ran, or failed.
    public static let backup = EventKind(rawValue: "backup")
    /// Something was restored.
    public static let restore = EventKind(rawValue: "restore")
    /// A point was restored into scratch and questioned.
    public static let verification = EventKind(rawValue: "verification")
    /// Points or snapshots were dropped.
    public static let forget = EventKind(rawValue: "forget")
    /// The node is there; once a day.
    public static let alive = EventKind(rawValue: "alive")
    /// A scenario was rehearsed.
    public static let drill = EventKind(rawValue: "drill")
}

/// Wall time of an event; this module knows no clock and is handed one.
public struct EventTime: Sendable, Hashable, Comparable {
    /// Seconds since 1970 in UTC, rounded down.
    public let seconds: Int64
    /// Nanoseconds after that second, 0 ... 999 999 999.
    public let nanoseconds: UInt32

    /// Makes a moment; `nanoseconds` must be below 1 000 000 000.
    public init(seconds: Int64, nanoseconds: UInt32 = 0) {
        precondition(nanoseconds < 1_000_000_000, "nanoseconds of a second")
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    /// `2026-11-21T02:33:19Z`, to the second.
    public var rfc3339: String { Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601) }

    public static func < (one: EventTime, other: EventTime) -> Bool {
        (one.seconds, one.nanoseconds) < (other.seconds, other.nanoseconds)
    }
}
