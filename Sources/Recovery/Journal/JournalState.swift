import FoundationEssentials
public import Journal
import Trees

/// What a journal says of itself on this machine, for `journal status`; a file `journal-<source>.json` in the state folder.
/// Nothing depends on it: the truth is in the store and in the spool.
public struct JournalState: Sendable, Hashable, Codable {
    /// A place and when it was reached.
    public struct Mark: Sendable, Hashable, Codable {
        /// The place.
        public var place: LogPlace
        /// The position.
        public var position: String
        /// When, RFC 3339.
        public var time: String
    }

    /// Something to know, and when it was, RFC 3339.
    public struct Message: Sendable, Hashable, Codable {
        /// When.
        public var time: String
        /// What.
        public var text: String
    }

    /// A process that ran the journal.
    public struct Process: Sendable, Hashable, Codable {
        /// Its number.
        public var id: Int32
        /// When it began, RFC 3339.
        public var started: String
    }

    /// Our timeline; nil before the first.
    public var timeline: UInt32?
    /// When this journal was started, RFC 3339.
    public var started: String
    /// When this was written, RFC 3339.
    public var updated: String
    /// Flushed to the disk of this machine.
    public var spooled: Mark?
    /// Acknowledged by the store.
    public var archived: Mark?
    /// When the server was asked last where it stands and the store had all of that, RFC 3339.
    public var heard: String?
    /// Bytes that are spooled and not archived.
    public var waitingByteCount: UInt64 = 0
    /// When the oldest of them was seen, RFC 3339.
    public var waitingSince: String?
    /// Why the last attempt failed; nil once one came through.
    public var storeError: Message?
    /// Why the tool ended last; nil while it runs.
    public var toolError: Message?
    /// How often the tool was started again.
    public var toolRestartCount: Int = 0
    /// What somebody must see, newest last, at most a hundred.
    public var alarms: [Message] = []
    /// Since when a new base is needed, and why: a gap, or a new timeline. A point that was begun later makes it good.
    public var baseDue: Message?

    /// Who runs it, and who did before and did not end in order: their locks may be there still.
    public var processes: [Process]?

    enum CodingKeys: String, CodingKey {
        case timeline, started, updated, spooled, archived, heard, alarms, processes
        case waitingByteCount = "waiting_byte_count"
        case waitingSince = "waiting_since"
        case storeError = "store_error"
        case toolError = "tool_error"
        case toolRestartCount = "tool_restart_count"
        case baseDue = "base_due"
    }

    /// Until when the store is known to have everything, seconds since 1970: while nothing waits and the tool and the store both
    /// work, what was written two flushes ago has come. When the server was asked since, that counts too. Nil when it cannot be said.
    func heardUntil(flush: Duration) -> Double? {
        let heard = heard.flatMap { Timestamp(rfc3339: $0)?.fraction }
        guard waitingByteCount == 0, toolError == nil, storeError == nil, archived != nil,
            let updated = Timestamp(rfc3339: updated)
        else { return heard }
        return max(heard ?? -.infinity, updated.fraction - 2 * (flush / .seconds(1)))
    }

    private static func path(_ folder: String, _ source: String) -> String { "\(folder)/journal-\(source).json" }

    /// Reads what the journal of a source said last; nil when it said nothing, or nothing that can be understood.
    public static func read(_ folder: String, source: String) -> JournalState? {
        // It is a convenience: one that is damaged is written anew.
        (try? Data(contentsOf: URL(filePath: path(folder, source)))).flatMap {
            try? JSONDecoder().decode(JournalState.self, from: $0)
        }
    }

    func write(_ folder: String, source: String) throws {
        try DurableText.write(Array(try JSONEncoder().encode(self)), to: JournalState.path(folder, source))
    }
}
