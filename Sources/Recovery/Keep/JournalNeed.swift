public import Journal

/// Which part of a source's log some recovery point needs. Pure.
public enum JournalNeed: Sendable, Hashable {
    /// All of it.
    case all
    /// From the beginning of this file on.
    case from(String)
    /// None: nothing can begin on it, or lead through it.
    case none

    /// By timeline. `bases` are those that remain.
    ///
    /// A base needs the log from its place on, to wherever that leads: timelines that began behind it are needed whole. The live
    /// timeline is kept whole as long as no base is on it.
    public static func of(_ coverages: [Coverage], bases: [RestoreBase]) -> [UInt32: JournalNeed] {
        let live = coverages.filter { $0.timeline.undone == nil }.map(\.timeline.timeline).max()
        var needs = [UInt32: JournalNeed]()
        for coverage in coverages {
            let timeline = coverage.timeline.timeline
            let own = bases.filter { $0.timeline == timeline }.map(\.place).min()
            if leads(to: timeline, coverages, bases) {
                needs[timeline] = .all
            } else {
                needs[timeline] = own.map { .from($0.file) } ?? (timeline == live ? .all : JournalNeed.none)
            }
        }
        return needs
    }

    /// Does an older timeline on the way to this one have a base, before the place where it is left?
    private static func leads(to timeline: UInt32, _ coverages: [Coverage], _ bases: [RestoreBase]) -> Bool {
        guard let path = TimelinePath(to: timeline, in: coverages) else { return false }
        return path.legs.dropLast().contains { leg in
            bases.contains { base in
                base.timeline == leg.coverage.timeline.timeline && leg.cutoff.map { base.place < $0 } ?? true
            }
        }
    }
}
