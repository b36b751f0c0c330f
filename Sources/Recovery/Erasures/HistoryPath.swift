import DataSources
import Journal
import Trees

/// The history that something restored has: the timelines on the way to it, and where each of them was left.
struct HistoryPath: Sendable {
    private let tree: TimelineTree
    private let kind: SourceKind
    /// From the first on.
    private let steps: [TimelineRecord]

    /// The path to a restored moment; nil where no timeline is known of it.
    init?(_ restored: RestoredMoment, _ tree: TimelineTree?) {
        guard let tree, let timeline = restored.timeline, let steps = try? tree.path(to: timeline) else { return nil }
        self.tree = tree
        self.kind = restored.kind
        self.steps = steps
    }

    /// Does it lead through this position of that timeline? What was written behind the place where the path leaves the timeline
    /// was cut off.
    func passes(_ position: String, on timeline: UInt32) -> Bool {
        let owner = owner(of: position, timeline)
        guard let index = steps.firstIndex(where: { $0.timeline == owner }) else { return false }
        guard index + 1 < steps.count else { return true }
        // Where the words of a branch cannot be compared, nobody knows, and to erase twice does no harm.
        return steps[index + 1].branchPosition.flatMap { LogPosition.contains($0, position, kind: kind) } ?? false
    }

    /// The timeline that has a position in its own log: one that was not written to yet stands where it left its parent.
    private func owner(of position: String, _ timeline: UInt32) -> UInt32 {
        var number = timeline
        while let record = tree.record(number), let parent = record.parent, let branch = record.branchPosition,
            LogPosition.contains(branch, position, kind: kind) ?? false
        {
            number = parent
        }
        return number
    }
}

extension TimelineTree {
    /// The newest timeline that had begun by then, or else the first; nil without any.
    func timeline(at moment: Double) -> UInt32? {
        let begun = records.last { record in Timestamp(rfc3339: record.created).map { $0.fraction <= moment } ?? false }
        return (begun ?? records.first)?.timeline
    }
}
