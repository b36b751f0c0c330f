/// What the journal holds of one timeline: runs of log without a hole, oldest first.
public struct Coverage: Sendable, Hashable {
    /// The timeline.
    public var timeline: TimelineRecord
    /// Runs without a hole; between two of them something is missing.
    public var spans: [Span]
    /// What is known to be missing or unreadable, by name.
    public var gaps: [Gap]

    /// A run of log without a hole.
    public struct Span: Sendable, Hashable {
        /// Its parts, each beginning where the one before ends.
        public var parts: [Part]

        /// Parts that follow each other; at least one.
        public init(parts: [Part]) {
            precondition(!parts.isEmpty, "a span has at least one part")
            self.parts = parts
        }

        /// Where it begins.
        public var begin: LogPlace { LogPlace(file: parts[0].header.file, offset: parts[0].header.offset) }
        /// Where it ends.
        public var end: LogPlace { parts[parts.count - 1].header.end }
        /// The position at its beginning.
        public var from: String { parts[0].header.from }
        /// The position at its end.
        public var to: String { parts[parts.count - 1].header.to }
    }

    /// A run of bytes of one file and where they are.
    public struct Part: Sendable, Hashable {
        /// Where the bytes are.
        public enum Location: Sendable, Hashable {
            /// In the segment of this number.
            case segment(UInt64)
            /// In a file of a snapshot: the tree's ID as hex, the path of the file in it.
            case snapshot(tree: String, path: String)
        }

        /// What the bytes are.
        public var header: SegmentHeader
        /// Where they are.
        public var location: Location
        /// As stored, bytes.
        public var storedByteCount: UInt64

        /// A part.
        public init(header: SegmentHeader, location: Location, storedByteCount: UInt64) {
            self.header = header
            self.location = location
            self.storedByteCount = storedByteCount
        }
    }

    /// Something that is missing between two spans, or behind the last.
    public struct Gap: Sendable, Hashable {
        /// The last place and position before it; nil when nothing is before it.
        public var after: LogPlace?
        /// See `after`.
        public var afterPosition: String?
        /// The first place and position behind it; nil when nothing is.
        public var before: LogPlace?
        /// See `before`.
        public var beforePosition: String?
        /// What is wrong, one line with the object's name: `segment lifeboat/journal/…/000000000007 is missing`.
        public var reason: String

        /// A gap.
        public init(
            after: LogPlace?, afterPosition: String?, before: LogPlace?, beforePosition: String?, reason: String
        ) {
            self.after = after
            self.afterPosition = afterPosition
            self.before = before
            self.beforePosition = beforePosition
            self.reason = reason
        }
    }

    /// Coverage of a timeline.
    public init(timeline: TimelineRecord, spans: [Span], gaps: [Gap]) {
        self.timeline = timeline
        self.spans = spans
        self.gaps = gaps
    }
}
