/// What the keep rules need to know of one snapshot.
public struct RetentionItem: Sendable, Hashable {
    /// When it was made: seconds since 1970 UTC.
    public let seconds: Int64
    /// The rest of the second, 0 to 999 999 999.
    public let nanoseconds: Int32
    /// Seconds that the snapshot's own zone is ahead of UTC. Hours, days, weeks … are those of this zone, as in restic.
    public let zoneOffset: Int
    /// The host in the snapshot.
    public let hostname: String
    /// The paths in the snapshot; their order does not matter.
    public let paths: [String]
    /// The tags in the snapshot; their order does not matter.
    public let tags: [String]

    /// Describes a snapshot made within 290 000 years around 1970.
    public init(
        seconds: Int64, nanoseconds: Int32 = 0, zoneOffset: Int = 0, hostname: String = "", paths: [String] = [],
        tags: [String] = []
    ) {
        precondition(abs(seconds / 1000) < 9_000_000_000 && abs(zoneOffset) < 200_000, "a time out of range")
        self.seconds = seconds
        self.nanoseconds = nanoseconds
        self.zoneOffset = zoneOffset
        self.hostname = hostname
        self.paths = paths
        self.tags = tags
    }

    /// Whether it was made before `other`.
    func isEarlier(than other: RetentionItem) -> Bool {
        (seconds, nanoseconds) < (other.seconds, other.nanoseconds)
    }

    /// Whether it has all of `wanted`. A lone empty tag stands for having no tags, as in restic.
    func hasTags(_ wanted: [String]) -> Bool {
        for tag in wanted {
            if tag.isEmpty, tags.isEmpty { return true }
            guard tags.contains(tag) else { return false }
        }
        return true
    }
}
