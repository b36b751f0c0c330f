import DataSources
import Journal
import Trees

/// One attempt to get to a target along a path.
struct PathWalk {
    let path: TimelinePath
    let target: LogTarget
    let position: EnginePosition?
    private let planner: RestorePlanner
    /// Bases on the path in its order.
    private let bases: [(base: RestoreBase, leg: Int)]

    init(
        path: TimelinePath, bases: [RestoreBase], target: LogTarget, position: EnginePosition?, planner: RestorePlanner
    ) {
        self.path = path
        self.target = target
        self.position = position
        self.planner = planner
        self.bases = path.inOrder(bases)
    }

    func plan() throws(RestoreRefusal) -> RestorePlan {
        guard let first = bases.first else {
            throw refusal(.noBase, "no recovery point has a whole physical copy of \(planner.source) on this timeline")
        }
        if target.isTransaction { return try searching() }
        guard let (base, leg) = bases.last(where: { isBefore($0.base, leg: $0.leg) }) else {
            throw refusal(.beforeFirstBase, "it is before the first base", later: Moment(first.base))
        }
        if stands(base) { return planned(base, start: 0, stop: nil) }
        guard let index = path.index(of: base, leg: leg) else { return try alone(base, leg: leg) }
        guard let start = path.fileStart(of: index) else {
            throw refusal(
                .gap, "the beginning of \(base.place.file), in which the base begins, is not in the journal",
                earlier: Moment(base), later: later(than: path.parts[index].end, leg: leg))
        }
        let runEnd = path.runEnd(from: index)
        if let stop = (index..<runEnd).first(where: isStop) { return planned(base, start: start, stop: stop) }
        let end = moment(at: runEnd - 1)
        guard runEnd == path.parts.count else {
            let next = path.parts[runEnd - 1]
            throw refusal(.gap, path.hole(before: runEnd), earlier: end, later: later(than: next.end, leg: next.leg))
        }
        guard isWithinEnd(end) else { throw afterEnd(end) }
        return planned(base, start: start, stop: runEnd - 1, isEnd: position == nil && planner.kind == .mariadb)
    }

    /// The base alone.
    func standing(at base: RestoreBase) -> RestorePlan { planned(base, start: 0, stop: nil) }

    /// Nobody knows where a transaction is that is named by its number: the log is searched for it from the first base on that
    /// has all of the log behind it.
    private func searching() throws(RestoreRefusal) -> RestorePlan {
        let begun = bases.compactMap { base, leg in
            path.index(of: base, leg: leg).flatMap { index in path.fileStart(of: index).map { (base, index, $0) } }
        }
        guard
            let (base, index, start) = begun.first(where: { path.runEnd(from: $0.1) == path.parts.count }) ?? begun.last
        else { throw refusal(.gap, "no base has log behind it", earlier: bases.last.map { Moment($0.base) }) }
        return planned(base, start: start, stop: index)
    }

    // MARK: Bases

    /// May a restore to the target begin with this base?
    private func isBefore(_ base: RestoreBase, leg: Int) -> Bool {
        switch target {
        case .end: return true
        case .time(let time): return base.time <= time && !hasYounger(base, leg: leg, than: time)
        case .through, .before:
            guard let position, let stands = EnginePosition(base.position, kind: planner.kind) else { return false }
            var isIncluded = false
            if case .through = target { isIncluded = true }
            return stands.precedes(position, isIncluded: isIncluded)
        }
    }

    /// The log just before the base has something younger: the clocks of server and backup differ, and the base is too young.
    /// PostgreSQL's log says when it arrived, which says nothing of that.
    private func hasYounger(_ base: RestoreBase, leg: Int, than time: Double) -> Bool {
        guard planner.kind == .mariadb else { return false }
        let before = path.parts.last { part in
            part.part.header.lastTime != nil
                && (part.leg < leg || part.leg == leg && part.part.header.end <= base.place)
        }
        return before?.part.header.lastTime.map { Double($0) > time } ?? false
    }

    /// The base is what is wanted: nothing is to be replayed.
    private func stands(_ base: RestoreBase) -> Bool {
        guard case .through = target, let position, case .gtid = position else { return false }
        return EnginePosition(base.position, kind: planner.kind)?.includes(position) ?? false
    }

    /// A base whose place the journal does not have.
    private func alone(_ base: RestoreBase, leg: Int) throws(RestoreRefusal) -> RestorePlan {
        if EnginePosition(base.position, kind: planner.kind) == position, case .through = target {
            return planned(base, start: 0, stop: nil)
        }
        let next = path.parts.first { $0.leg > leg || $0.leg == leg && $0.begin > base.place }
        guard next == nil else {
            throw refusal(
                .gap, "the log from \(base.place.file):\(base.place.offset), where the base stands, is missing",
                earlier: Moment(base), later: later(than: base.place, leg: leg))
        }
        guard isWithinEnd(Moment(base), isBase: true) else { throw afterEnd(Moment(base)) }
        return planned(base, start: 0, stop: nil)
    }

    /// The first base behind a place, from which something can be reached again.
    private func later(than place: LogPlace, leg: Int) -> Moment? {
        bases.first { $0.leg > leg || $0.leg == leg && $0.base.place > place }.map { Moment($0.base) }
    }

    // MARK: Log

    /// Does the replay end within this part?
    private func isStop(_ index: Int) -> Bool {
        let header = path.parts[index].part.header
        switch target {
        case .end: return false
        case .time(let time): return path.lastTime(index).map { $0 > time } ?? false
        case .through, .before:
            guard let position, let to = EnginePosition(header.to, kind: planner.kind) else { return false }
            // What was written after the path left the timeline is another history, though it has the position.
            return to.isBehind(position) && !path.parts[index].isCut
                || path.parts[index].isCut && cutHas(index)
        }
    }

    /// A part that the path leaves half way has the position when the branch is behind it.
    private func cutHas(_ index: Int) -> Bool {
        let leg = path.parts[index].leg
        guard leg + 1 < path.legs.count, let position,
            let branch = path.legs[leg + 1].coverage.timeline.branchPosition.flatMap({
                EnginePosition($0, kind: planner.kind)
            })
        else { return false }
        return branch.includes(position)
    }

    /// Nothing is known behind `end`: is the target there all the same?
    private func isWithinEnd(_ end: Moment, isBase: Bool = false) -> Bool {
        switch target {
        case .end: return true
        // What is missing behind the end may have events of its last second too.
        case .time(let time) where path.tailGap != nil: return isBase && time <= end.time ?? -.infinity
        case .time(let time): return time <= max(knownUntil, end.time ?? -.infinity)
        case .through, .before:
            // The end of the last record is a position too.
            guard case .lsn = position, case .through = target else { return false }
            return EnginePosition(end.position, kind: planner.kind) == position
        }
    }

    /// Until when the log is known to be whole: as long as the journal listened.
    private var knownUntil: Double {
        let written = path.parts.last.flatMap { Timestamp(rfc3339: $0.part.header.written)?.fraction }
        return max(planner.heardUntil ?? -.infinity, written ?? -.infinity)
    }

    // MARK: Answers

    private func moment(at index: Int) -> Moment { path.moment(at: index) }

    private func afterEnd(_ end: Moment) -> RestoreRefusal {
        if let gap = path.tailGap { return refusal(.gap, gap, earlier: end) }
        return refusal(.afterEnd, "the journal has nothing of it: it is after the end of the log", earlier: end)
    }

    private func refusal(
        _ reason: RestoreRefusal.Reason, _ message: String, earlier: Moment? = nil, later: Moment? = nil
    ) -> RestoreRefusal {
        RestoreRefusal(reason, message, source: planner.source, earlier: earlier, later: later)
    }

    private func planned(_ base: RestoreBase, start: Int, stop: Int?, isEnd: Bool = false) -> RestorePlan {
        let chosen = stop.map { histories(before: start) + path.parts[start...$0] } ?? []
        let rest = stop.map { behind($0, isEnd: isEnd) } ?? 0..<0
        let log = chosen.map(logPart)
        let size = log.reduce(0) { $0 + $1.part.header.byteCount }
        return RestorePlan(
            source: planner.source, kind: planner.kind, target: target,
            timeline: path.legs[path.legs.count - 1].coverage.timeline.timeline,
            path: path.legs.map { .init(timeline: $0.coverage.timeline.timeline, cutoff: $0.cutoff) }, base: base,
            log: log, behind: path.parts[rest].map(logPart), hole: hole(rest), replayTarget: isEnd ? .end : target,
            end: stop.map(moment) ?? Moment(base), baseByteCount: base.byteCount,
            storedLogByteCount: log.reduce(0) { $0 + $1.part.storedByteCount }, logByteCount: size,
            predicted: planner.rates.duration(base: base.byteCount, log: size))
    }

    /// PostgreSQL's own records of its timelines are files of the log, and wanted whatever the base.
    private func histories(before start: Int) -> [TimelinePath.PathPart] {
        guard planner.kind == .postgresql else { return [] }
        return path.parts[..<start].filter { $0.part.header.file.hasSuffix(".history") }
    }

    /// What may have to be fetched too, once the log is looked at: of PostgreSQL it is only known when it arrived; and a part
    /// that the path leaves half way may have the younger events in its other half.
    private func behind(_ stop: Int, isEnd: Bool) -> Range<Int> {
        if target.isTransaction { return (stop + 1)..<path.runEnd(from: stop) }
        guard case .time = target, !isEnd, planner.kind == .postgresql || path.parts[stop].isCut else { return 0..<0 }
        return (stop + 1)..<path.runEnd(from: stop)
    }

    private func hole(_ behind: Range<Int>) -> String? {
        behind.upperBound > 0 && behind.upperBound < path.parts.count ? path.hole(before: behind.upperBound) : nil
    }

    private func logPart(_ part: TimelinePath.PathPart) -> RestorePlan.LogPart {
        RestorePlan.LogPart(timeline: path.timeline(part), part: part.part, end: part.end)
    }
}

extension TimelinePath {
    /// Bases on the path in its order, each with its leg.
    func inOrder(_ bases: [RestoreBase]) -> [(base: RestoreBase, leg: Int)] {
        bases.compactMap { base in leg(of: base).map { (base, $0) } }.sorted { one, other in
            (one.1, one.0.place, one.0.time) < (other.1, other.0.place, other.0.time)
        }
    }

    /// The moment at the end of part `index`.
    func moment(at index: Int) -> Moment {
        let last = parts[index]
        let isBranch = last.isCut && last.leg + 1 < legs.count
        let branch = isBranch ? legs[last.leg + 1].coverage.timeline.branchPosition : nil
        let time = (0...index).last { lastTime($0) != nil && !parts[$0].isCut }.flatMap(lastTime)
        return Moment(
            timeline: timeline(last), place: last.end, position: branch ?? last.part.header.to,
            time: time)
    }

    /// The youngest time in part `index`: of its events, or, where the log is PostgreSQL's and nobody looked into it, of its
    /// arrival. Nil where no event ends in it.
    func lastTime(_ index: Int) -> Double? {
        let header = parts[index].part.header
        if let time = header.lastTime { return Double(time) }
        return EnginePosition(header.to, kind: .postgresql) == nil
            ? nil : Timestamp(rfc3339: header.written)?.fraction
    }
}

extension LogTarget {
    /// It is named by a number that only PostgreSQL's log knows the place of.
    var isTransaction: Bool {
        switch self {
        case .time, .end: false
        case .through(let text), .before(let text): EnginePosition.isTransaction(text)
        }
    }
}
