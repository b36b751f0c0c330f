import Journal

/// The way from the first timeline to another one through the log: what happened on each until it was left.
struct TimelinePath: Sendable {
    /// One timeline of it.
    struct Leg: Sendable {
        let coverage: Coverage
        /// Where the path leaves it; nil for the last.
        let cutoff: LogPlace?
    }

    /// A part of the log on the path.
    struct PathPart: Sendable {
        /// Which leg it belongs to.
        let leg: Int
        /// The part.
        let part: Coverage.Part
        /// Where it ends, or where the path leaves its timeline within it.
        let end: LogPlace
        /// Nothing is missing between the part before and this one.
        let follows: Bool

        var begin: LogPlace { LogPlace(file: part.header.file, offset: part.header.offset) }
        var isCut: Bool { end < part.header.end }
    }

    let legs: [Leg]
    let parts: [PathPart]

    /// The path to `timeline`; nil when there is no such timeline.
    init?(to timeline: UInt32, in coverages: [Coverage]) {
        guard var coverage = coverages.first(where: { $0.timeline.timeline == timeline }) else { return nil }
        var legs = [Leg(coverage: coverage, cutoff: nil)]
        // Numbers grow from parent to child; records that say otherwise are not followed, so that this ends.
        while let number = coverage.timeline.parent, number < coverage.timeline.timeline,
            let branch = coverage.timeline.branch,
            let parent = coverages.first(where: { $0.timeline.timeline == number })
        {
            legs.insert(Leg(coverage: parent, cutoff: branch), at: 0)
            coverage = parent
        }
        self.legs = legs
        parts = TimelinePath.parts(of: legs)
    }

    private static func parts(of legs: [Leg]) -> [PathPart] {
        var parts = [PathPart]()
        for (index, leg) in legs.enumerated() {
            // A timeline that was left joins the next one only where its log is there up to the branch.
            var joins = index > 0 && reachesBranch(parts.last, legs[index - 1], leg: index - 1)
            if leg.coverage.gaps.contains(where: { $0.after == nil }) { joins = false }
            for span in leg.coverage.spans {
                for (number, part) in span.parts.enumerated() {
                    let begin = LogPlace(file: part.header.file, offset: part.header.offset)
                    if let cutoff = leg.cutoff, begin >= cutoff { break }
                    let end = leg.cutoff.map { min($0, part.header.end) } ?? part.header.end
                    parts.append(PathPart(leg: index, part: part, end: end, follows: number > 0 || joins))
                    joins = false
                }
                joins = false
            }
        }
        return parts
    }

    private static func reachesBranch(_ last: PathPart?, _ leg: Leg, leg index: Int) -> Bool {
        guard let last, last.leg == index, let cutoff = leg.cutoff else { return false }
        return last.end >= cutoff
    }

    /// What is missing behind the last part, in the journal's words; nil when nothing is known to be.
    var tailGap: String? { legs[legs.count - 1].coverage.gaps.last { $0.before == nil }?.reason }

    /// The timeline of a part.
    func timeline(_ part: PathPart) -> UInt32 { legs[part.leg].coverage.timeline.timeline }

    /// On which leg a base stands; nil when it is not on the path.
    func leg(of base: RestoreBase) -> Int? {
        guard let leg = legs.firstIndex(where: { $0.coverage.timeline.timeline == base.timeline }) else { return nil }
        if let cutoff = legs[leg].cutoff, base.place > cutoff { return nil }
        return leg
    }

    /// The part that the log of a base on this `leg` begins in; nil when it is missing.
    func index(of base: RestoreBase, leg: Int) -> Int? {
        parts.firstIndex { $0.leg == leg && $0.begin <= base.place && base.place < $0.end }
            ?? parts.lastIndex { $0.leg == leg && $0.end == base.place }
    }

    /// The first part of the file that part `index` belongs to; nil when the file's beginning is missing.
    func fileStart(of index: Int) -> Int? {
        var start = index
        while parts[start].part.header.offset > 0 {
            guard parts[start].follows, start > 0, parts[start - 1].leg == parts[index].leg,
                parts[start - 1].part.header.file == parts[index].part.header.file
            else { return nil }
            start -= 1
        }
        return start
    }

    /// The end of the parts that follow part `index` without a hole; one past the last.
    func runEnd(from index: Int) -> Int {
        var end = index + 1
        while end < parts.count, parts[end].follows { end += 1 }
        return end
    }

    /// What is missing before part `index`, in the journal's words where it has some.
    func hole(before index: Int) -> String {
        let (next, previous) = (parts[index], parts[index - 1])
        let gaps = legs[next.leg].coverage.gaps + legs[previous.leg].coverage.gaps
        let known = gaps.first { $0.before == next.begin } ?? gaps.first { $0.after == previous.end }
        return known?.reason
            ?? "the log between \(previous.end.file):\(previous.end.offset) and \(next.begin.file):\(next.begin.offset) is missing"
    }
}
