import DataSources
import Glibc
import Journal
import Repository
import Trees

/// What makes a restore in place a rewind: the plan, and what the new history must be told apart from.
public struct Rewind: Sendable {
    /// How long the last flush of the journal is waited for.
    public static let usualFlushTimeout = Duration.seconds(60)

    /// The plan.
    public let plan: RestorePlan
    /// What was asked for, in the words of the command: the same words go on with a restore that was interrupted.
    public let asked: String
    /// How long the journal may take to have everything that the live server wrote; nil when it is not waited for.
    public var flushTimeout: Duration? = Rewind.usualFlushTimeout
    let records: [TimelineRecord]
    /// The last positions of all histories.
    let highest: [String]

    init(_ plan: RestorePlan, asked: String, records: [TimelineRecord], highest: [String]) {
        self.plan = plan
        self.asked = asked
        self.records = records
        self.highest = highest
    }

    /// What is kept of it in the journal of a restore in place, once the copy is built.
    struct State: Sendable, Codable {
        /// Where the replay ended; nil when the base stood there.
        var stop: LogStop?
        /// What the copy begins with.
        var history: NewHistory
        /// The timeline that it begins.
        var record: TimelineRecord
        /// Where the live server stood when the journal was seen to have all of it; nil when nobody waited.
        var flushed: String?
        /// Set once the record is stored.
        var isRecorded = false
        /// Erasures that the history it left had confirmed, and that its own begins with.
        var erasedAgain: [UInt64]?
        /// Where it stood behind these.
        var erasedTo: String?
    }

    /// The state of a copy that was just built.
    func state(_ copy: ScratchCopy, _ history: NewHistory, now: Timestamp) -> State {
        let stop = copy.replayed?.stop
        let record = TimelineRecord(
            timeline: (records.map(\.timeline).max() ?? 0) + 1, parent: stop?.timeline ?? plan.base.timeline,
            branch: stop.map { LogPlace(file: $0.file, offset: $0.offset) } ?? plan.base.place,
            branchPosition: stop?.position ?? plan.base.position, reason: .rewind, created: now.rfc3339,
            server: history.server, point: plan.base.point)
        return State(stop: stop, history: history, record: record)
    }
}

extension AnySecond {
    /// A rewind by a plan of this planner. `asked` is what was asked for, in the words of the command.
    public func rewind(_ plan: RestorePlan, asked: String) -> Rewind {
        let ends = coverages.flatMap { $0.spans.map(\.to) } + coverages.compactMap(\.timeline.branchPosition)
        return Rewind(
            plan, asked: asked, records: coverages.map(\.timeline), highest: ends + planner.bases.map(\.position))
    }
}
