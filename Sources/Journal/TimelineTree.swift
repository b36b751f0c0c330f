/// The timelines of a source: which left which, and where.
public struct TimelineTree: Sendable, Hashable {
    /// All of them, by number.
    public let records: [TimelineRecord]

    /// A tree of records, in any order.
    ///
    /// - Throws: `malformedTimelines` when one has a parent that is not older than itself.
    public init(_ records: [TimelineRecord]) throws {
        self.records = records.sorted { $0.timeline < $1.timeline }
        for record in records {
            guard let parent = record.parent, parent >= record.timeline else { continue }
            throw JournalError(
                .malformedTimelines, "timeline \(record.timeline) says that it left timeline \(parent)",
                subject: "timelines", hint: "look at lifeboat/timelines; bring the records back from a replica")
        }
    }

    /// The newest that was not undone: the one that the live server is on, as far as we know. Nil when the journal never ran.
    public var live: TimelineRecord? { records.last { $0.undone == nil } }

    /// The record of a timeline.
    public func record(_ timeline: UInt32) -> TimelineRecord? { records.first { $0.timeline == timeline } }

    /// The way from the first timeline to this one: each left the one before it at its `branch`. It begins at a timeline
    /// without parent, or whose branch nobody knows.
    ///
    /// - Throws: `timelineMissing`.
    public func path(to timeline: UInt32) throws -> [TimelineRecord] {
        var path = [TimelineRecord]()
        var next: UInt32? = timeline
        while let number = next {
            guard let record = record(number) else {
                throw JournalError(
                    .timelineMissing, "there is no record of timeline \(number)", subject: "timelines",
                    hint: records.isEmpty
                        ? "`lifeboat journal run` makes the first"
                        : "there are: " + records.map { "\($0.timeline)" }.joined(separator: ", "))
            }
            path.append(record)
            next = record.branch == nil ? nil : record.parent
        }
        return path.reversed()
    }
}
