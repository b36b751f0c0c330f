public import DataSources
public import Journal
import Trees

/// Finds the way to a moment: from the bases, the log and the timelines of a source to a plan, or to the reason why not. Pure.
public struct RestorePlanner: Sendable {
    let source: String
    let kind: SourceKind
    let bases: [RestoreBase]
    let coverages: [Coverage]
    let rates: RestoreRates
    /// The journal of the live timeline had everything until then, seconds since 1970; nil when nobody knows.
    public var heardUntil: Double?

    /// A planner for `source`. `coverages` has one entry a timeline.
    public init(
        source: String, kind: SourceKind, bases: [RestoreBase], coverages: [Coverage], rates: RestoreRates? = nil,
        heardUntil: Double? = nil
    ) {
        self.source = source
        self.kind = kind
        self.bases = bases
        self.coverages = coverages
        self.rates = rates ?? .usual(kind)
        self.heardUntil = heardUntil
    }

    /// The timeline that the source is on: the newest that was not undone; nil without a journal.
    public var live: UInt32? { coverages.filter { $0.timeline.undone == nil }.map(\.timeline.timeline).max() }

    /// Plans a restore to `target` on `timeline`; nil for the live one.
    ///
    /// - Throws: the refusal, with what can be reached instead.
    public func plan(_ target: LogTarget, timeline: UInt32? = nil) throws(RestoreRefusal) -> RestorePlan {
        let position = try position(of: target)
        guard let chosen = timeline ?? live else {
            throw RestoreRefusal(.noLog, "there is no journal of \(source)", source: source)
        }
        guard let path = TimelinePath(to: chosen, in: coverages) else {
            var refusal = RestoreRefusal(.unknownTimeline, "there is no timeline \(chosen)", source: source)
            refusal.timelines = coverages.map(\.timeline.timeline).sorted()
            throw refusal
        }
        if let position, case .gtid = position, hasOwnPositions {
            try refuseElsewhere(position, path)
        } else if timeline == nil {
            try refuseSeveral(target, position, path)
        }
        let walk = PathWalk(path: path, bases: bases, target: target, position: position, planner: self)
        return try walk.plan()
    }

    /// The plan that restores a base as it is: also one that was taken before the first transaction, which no position names.
    func plan(standingAt base: RestoreBase) throws(RestoreRefusal) -> RestorePlan {
        let target = LogTarget.through(base.position)
        guard let path = TimelinePath(to: base.timeline, in: coverages) else {
            throw RestoreRefusal(.unknownTimeline, "there is no timeline \(base.timeline)", source: source)
        }
        return PathWalk(path: path, bases: [base], target: target, position: nil, planner: self).standing(at: base)
    }

    /// The position of a target that names one.
    private func position(of target: LogTarget) throws(RestoreRefusal) -> EnginePosition? {
        guard kind == .mariadb || kind == .postgresql else {
            throw RestoreRefusal(
                .noLog, "sources of kind \(kind.rawValue) have no log: only their points can be restored",
                source: source)
        }
        switch target {
        case .time, .end: return nil
        case .through(let text), .before(let text):
            if kind == .postgresql, EnginePosition.isTransaction(text) { return nil }
            let position = EnginePosition(text, kind: kind)
            guard let position, position != .gtid([:]) else {
                let form =
                    kind == .mariadb
                    ? "a GTID such as 0-1-4711" : "an LSN such as 16/B374D848, or a transaction such as xid:741"
                throw RestoreRefusal(.unknownPosition, "`\(text)` is not \(form)", source: source)
            }
            return position
        }
    }

    /// Where every timeline began with a rewind of ours, no position of MariaDB was given twice.
    private var hasOwnPositions: Bool { coverages.allSatisfy { [.first, .rewind].contains($0.timeline.reason) } }

    /// A position that another history has: the oldest that seems to, since younger ones begin behind all numbers of older ones.
    private func refuseElsewhere(_ position: EnginePosition, _ path: TimelinePath) throws(RestoreRefusal) {
        let owner = coverages.sorted { $0.timeline.timeline < $1.timeline.timeline }.first { coverage in
            coverage.spans.contains { $0.parts.contains { holds($0, position) } }
        }
        guard let number = owner?.timeline.timeline else { return }
        if let leg = path.legs.firstIndex(where: { $0.coverage.timeline.timeline == number }) {
            guard leg + 1 < path.legs.count else { return }
            let branch = path.legs[leg + 1].coverage.timeline.branchPosition
            if branch.flatMap({ EnginePosition($0, kind: kind) })?.includes(position) ?? false { return }
        }
        var refusal = RestoreRefusal(
            .severalTimelines, "timeline \(number), which was left, has this moment", source: source)
        refusal.timelines = [number]
        throw refusal
    }

    /// A moment that a timeline has which was left, and for which nobody said which history is meant.
    private func refuseSeveral(
        _ target: LogTarget, _ position: EnginePosition?, _ path: TimelinePath
    ) throws(RestoreRefusal) {
        let others = coverages.filter { coverage in
            let parts = left(coverage, path)
            switch target {
            case .end: return false
            case .time(let time):
                guard let first = parts.compactMap(\.header.firstTime).min(),
                    let last = parts.compactMap(\.header.lastTime).max()
                else { return false }
                return Double(first) <= time && time <= Double(last)
            case .through, .before: return position.map { wanted in parts.contains { holds($0, wanted) } } ?? false
            }
        }
        guard !others.isEmpty else { return }
        let wanted = path.legs[path.legs.count - 1].coverage.timeline.timeline
        let numbers = others.map(\.timeline.timeline).sorted()
        let names = numbers.map { "\($0)" }.joined(separator: ", ")
        var refusal = RestoreRefusal(
            .severalTimelines,
            "\(numbers.count == 1 ? "timeline \(names), which was left, has" : "timelines \(names), which were left, have") this moment",
            source: source)
        refusal.timelines = numbers + [wanted]
        throw refusal
    }

    /// What a timeline has that is not on the path: all of it, or what was written after the path left it.
    private func left(_ coverage: Coverage, _ path: TimelinePath) -> [Coverage.Part] {
        let parts = coverage.spans.flatMap(\.parts)
        let leg = path.legs.first { $0.coverage.timeline.timeline == coverage.timeline.timeline }
        guard let leg else { return parts }
        guard let cutoff = leg.cutoff else { return [] }
        return parts.filter { $0.header.end > cutoff }
    }

    private func holds(_ part: Coverage.Part, _ wanted: EnginePosition) -> Bool {
        guard let from = EnginePosition(part.header.from, kind: kind),
            let to = EnginePosition(part.header.to, kind: kind)
        else { return false }
        return to.isBehind(wanted) && !from.isBehind(wanted)
    }
}
