/// A moment to the nanosecond, as file systems keep it: seconds since 1970-01-01T00:00:00Z, which may be negative, and
/// nanoseconds (0 ... 999 999 999) counted forward from that second.
public struct Timestamp: Hashable, Comparable, Sendable {
    /// Whole seconds since 1970, rounded down.
    public let seconds: Int64
    /// Nanoseconds after that second, 0 ... 999 999 999.
    public let nanoseconds: UInt32

    /// Makes a moment; `nanoseconds` must be below 1 000 000 000.
    public init(seconds: Int64, nanoseconds: UInt32 = 0) {
        precondition(nanoseconds < 1_000_000_000, "nanoseconds of a second")
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    public static func < (one: Timestamp, other: Timestamp) -> Bool {
        (one.seconds, one.nanoseconds) < (other.seconds, other.nanoseconds)
    }
}
