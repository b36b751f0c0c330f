import Journal
import Sealing
import Trees

/// Which segments are not in a snapshot yet, and when their files are to become one.
struct ClosingSchedule: Sendable {
    /// Before a closing that failed is tried again, seconds.
    private static let longestPause: Int64 = 60
    private let settings: JournalSettings
    private var timeline: UInt32 = 0
    /// Segments in order; nil when the chain must be read first.
    private var open: [ChainMember]? = []
    /// Where whole files lie on this machine.
    private var local: [String: String] = [:]
    private var byteCount: UInt64 = 0
    /// Since when a closed file waits, or a chain that was not read.
    private var since: Timestamp?
    private var isRunning = false

    init(_ settings: JournalSettings) { self.settings = settings }

    /// Files that are still wanted.
    var paths: [String] { Array(local.values) }

    /// Continues a chain of which nothing is known but how long it is.
    mutating func resume(_ timeline: UInt32, at number: UInt64, now: Timestamp) {
        self.timeline = timeline
        (open, local, byteCount, since) = (number == 0 ? [] : nil, [:], 0, number == 0 ? nil : now)
    }

    /// The chain must be read before the next closing.
    mutating func forget() { open = nil }

    /// A segment was stored; `path` is the file that its bytes are from.
    mutating func archived(_ number: UInt64, _ digest: Digest?, _ header: SegmentHeader, path: String, now: Timestamp) {
        if let digest { open?.append(ChainMember(number: number, digest: digest, content: .segment(header))) }
        byteCount += header.byteCount
        guard header.endsFile else { return }
        local[header.file] = path
        if since == nil { since = now }
    }

    /// What is to be done now; nil when nothing is.
    mutating func due(now: Timestamp) -> ClosingJob? {
        guard !isRunning, let since else { return nil }
        let waited = Duration.seconds(now.seconds - since.seconds)
        guard waited >= settings.closeEvery || byteCount >= settings.closeByteCount else { return nil }
        isRunning = true
        return ClosingJob(timeline: timeline, members: open, local: local)
    }

    /// A job failed.
    mutating func postpone(now: Timestamp) {
        isRunning = false
        let every = settings.closeEvery.components.seconds
        since = Timestamp(seconds: now.seconds - every + min(max(every, 1), Self.longestPause))
        byteCount = 0
    }

    /// A closing is stored.
    mutating func closed(_ prepared: PreparedClosing, now: Timestamp) {
        isRunning = false
        guard prepared.timeline == timeline else { return }
        let gone = prepared.closing.replaced
        open?.removeAll { member in gone.contains { ($0.first...$0.last).contains(member.number) } }
        for file in prepared.closing.files { local[file.header.file] = nil }
        since = local.isEmpty ? nil : now
        byteCount = 0
    }

    /// There was nothing to close.
    mutating func idle() {
        isRunning = false
        since = nil
    }
}

/// Makes a snapshot of closed files.
struct ClosingJob: Sendable {
    /// The timeline.
    let timeline: UInt32
    /// Its segments; nil when the chain must be read.
    let members: [ChainMember]?
    /// Whole files on this machine, by name.
    let local: [String: String]
}

/// A snapshot of closed files that the chain does not tell of yet.
struct PreparedClosing: Sendable {
    let timeline: UInt32
    /// Its `tail` is filled in when it is stored.
    let closing: Closing
    /// Files that are not needed any more.
    let paths: [String]
}
