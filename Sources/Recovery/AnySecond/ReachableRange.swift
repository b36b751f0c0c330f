import Journal

/// A stretch of a history every moment of which can be restored.
public struct ReachableRange: Sendable, Hashable, Encodable {
    /// From here: a base.
    public var from: Moment
    /// To here: the end of the log that follows it.
    public var to: Moment
    /// The points that a restore can begin with.
    public var points: [String]
    /// What is missing behind it; nil where the log goes on being written.
    public var missing: String?
}

extension RestorePlanner {
    /// What can be reached on a timeline by its own log and by that of those it came from, oldest first.
    public func ranges(on timeline: UInt32) -> [ReachableRange] {
        guard let path = TimelinePath(to: timeline, in: coverages) else { return [] }
        var ranges = [ReachableRange]()
        var runEnd = 0
        for (base, leg) in path.inOrder(bases) {
            guard let index = path.index(of: base, leg: leg), path.fileStart(of: index) != nil else {
                ranges.append(ReachableRange(from: Moment(base), to: Moment(base), points: [base.point], missing: nil))
                continue
            }
            if index < runEnd, !ranges.isEmpty {
                ranges[ranges.count - 1].points.append(base.point)
                continue
            }
            runEnd = path.runEnd(from: index)
            ranges.append(
                ReachableRange(
                    from: Moment(base), to: path.moment(at: runEnd - 1), points: [base.point],
                    missing: runEnd < path.parts.count ? path.hole(before: runEnd) : path.tailGap))
        }
        return ranges
    }
}
