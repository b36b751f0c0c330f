import DataSources
import Journal
import TestSupport

@testable import Recovery

/// A made-up history of writes on up to three timelines, the log it leaves, of which parts are lost, and bases here and there. It
/// answers by looking at every event and every byte what the planner must find out from headers.
struct PlannerWorld {
    struct Event {
        let timeline: UInt32
        let sequence: UInt64
        let time: Int64
        let place: LogPlace  // its end
    }

    struct Piece {
        let timeline: UInt32
        let part: Coverage.Part
    }

    private(set) var events: [UInt32: [Event]] = [:]
    private(set) var records: [TimelineRecord] = []
    private(set) var kept: [Piece] = []
    private(set) var coverages: [Coverage] = []
    private(set) var bases: [RestoreBase] = []

    init(_ random: inout SeededGenerator, losses: Int) {
        let count = UInt32(Int.random(in: 1...3, using: &random))
        var clock: Int64 = 1000
        for number in 1...count { addTimeline(number, &clock, losses, &random) }
        for index in 0..<Int.random(in: 0...5, using: &random) {
            guard let timeline = records.randomElement(using: &random)?.timeline,
                let event = events[timeline]?.randomElement(using: &random)
            else { continue }
            bases.append(
                RestoreBase(
                    point: "p\(index)", timeline: timeline, place: event.place, position: "0-1-\(event.sequence)",
                    time: Double(event.time), byteCount: 100, start: SourcePosition()))
        }
    }

    private mutating func addTimeline(
        _ number: UInt32, _ clock: inout Int64, _ losses: Int, _ random: inout SeededGenerator
    ) {
        var branch: Event?
        if number > 1 { branch = events[UInt32.random(in: 1..<number, using: &random)]?.randomElement(using: &random) }
        clock += 10
        records.append(
            TimelineRecord(
                timeline: number, parent: branch?.timeline, branch: branch?.place,
                branchPosition: branch.map { "0-1-\($0.sequence)" }, reason: branch == nil ? .first : .rewind,
                created: "2026-11-21T00:00:00Z", server: "\(number)", point: nil))
        var own = [Event]()
        var sequence = UInt64(number) * 1000
        for file in 1...Int.random(in: 1...3, using: &random) {
            var offset: UInt64 = 4
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                sequence += 1
                clock += Int64.random(in: 0...3, using: &random)
                offset += UInt64.random(in: 5...40, using: &random)
                own.append(
                    Event(
                        timeline: number, sequence: sequence, time: clock,
                        place: LogPlace(file: "binlog.00000\(file)", offset: offset)))
            }
        }
        events[number] = own
        cover(own, from: branch.map { "0-1-\($0.sequence)" } ?? "", losses, &random)
    }

    /// Cuts the files at any bytes, loses some of the pieces, and says what is left.
    private mutating func cover(_ own: [Event], from: String, _ losses: Int, _ random: inout SeededGenerator) {
        guard let record = records.last else { return }
        var (spans, gaps, run, position) = ([Coverage.Span](), [Coverage.Gap](), [Coverage.Part](), from)
        var (isBroken, before) = (false, Coverage.Part?.none)
        for file in Set(own.map(\.place.file)).sorted() {
            let size = own.last { $0.place.file == file }?.place.offset ?? 4
            var offset: UInt64 = 0
            while offset < size {
                let count = min(UInt64.random(in: 3...60, using: &random), size - offset)
                let inside = own.filter {
                    $0.place.file == file && $0.place.offset > offset && $0.place.offset <= offset + count
                }
                let next = inside.last.map { "0-1-\($0.sequence)" } ?? position
                let written = own.last { $0.place <= LogPlace(file: file, offset: offset + count) }?.time ?? 0
                let header = SegmentHeader(
                    file: file, offset: offset, byteCount: count, endsFile: offset + count == size, prefixDigest: "",
                    from: position, to: next, firstTime: inside.first?.time, lastTime: inside.last?.time,
                    written: PlannerWorld.text(written))
                let part = Coverage.Part(header: header, location: .segment(UInt64(kept.count)), storedByteCount: count)
                if Int.random(in: 0..<100, using: &random) < losses {
                    if !run.isEmpty { spans.append(Coverage.Span(parts: run)) }
                    run = []
                    isBroken = true
                } else {
                    if isBroken {
                        let begin = LogPlace(file: file, offset: offset)
                        gaps.append(
                            Coverage.Gap(
                                after: before?.header.end, afterPosition: before?.header.to, before: begin,
                                beforePosition: position, reason: "lost before \(file):\(offset)"))
                    }
                    isBroken = false
                    run.append(part)
                    before = part
                    kept.append(Piece(timeline: record.timeline, part: part))
                }
                position = next
                offset += count
            }
        }
        if !run.isEmpty { spans.append(Coverage.Span(parts: run)) }
        coverages.append(Coverage(timeline: record, spans: spans, gaps: gaps))
    }

    static func text(_ seconds: Int64) -> String {
        let parts = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { ($0 < 10 ? "0" : "") + "\($0)" }
        return "1970-01-01T\(parts.joined(separator: ":"))Z"
    }

    // MARK: The answer

    struct Answer: Equatable {
        var point: String
        /// The byte that the log must reach; nil when none is needed.
        var until: LogPlace?
        var untilTimeline: UInt32 = 0
    }

    /// What can be done for a target on a timeline; nil when it cannot be reached.
    func answer(_ target: LogTarget, on timeline: UInt32) -> Answer? {
        let legs = path(to: timeline)
        let history = legs.flatMap { leg in
            (events[leg.timeline] ?? []).filter { event in leg.cutoff.map { event.place <= $0 } ?? true }
        }
        guard let base = newest(target, history, legs) else { return nil }
        if case .through(let text) = target, text == base.position { return Answer(point: base.point) }
        guard let need = need(target, history, legs, base) else { return nil }
        guard let until = need.until else { return need }
        let order = legs.map(\.timeline)
        guard let from = order.firstIndex(of: base.timeline), let to = order.firstIndex(of: need.untilTimeline) else {
            return nil
        }
        for leg in from...to {
            let number = order[leg]
            let files = Set((events[number] ?? []).map(\.place.file)).sorted()
            for file in files {
                if leg == from, file < base.place.file { continue }
                let end = leg == to ? until : legs[leg].cutoff ?? LogPlace(file: "z", offset: 0)
                if file > end.file { continue }
                let size = (events[number] ?? []).last { $0.place.file == file }?.place.offset ?? 0
                guard hasBytes(number, file, file == end.file ? end.offset : size) else { return nil }
            }
        }
        return need
    }

    func path(to timeline: UInt32) -> [(timeline: UInt32, cutoff: LogPlace?)] {
        var (legs, number, cutoff) = ([(timeline: UInt32, cutoff: LogPlace?)](), timeline, LogPlace?.none)
        while let record = records.first(where: { $0.timeline == number }) {
            legs.insert((number, cutoff), at: 0)
            guard let parent = record.parent else { break }
            (number, cutoff) = (parent, record.branch)
        }
        return legs
    }

    private func newest(
        _ target: LogTarget, _ history: [Event], _ legs: [(timeline: UInt32, cutoff: LogPlace?)]
    ) -> RestoreBase? {
        func index(_ base: RestoreBase) -> Int? {
            history.firstIndex { $0.timeline == base.timeline && $0.place == base.place }
        }
        let fitting = bases.filter { base in
            guard index(base) != nil else { return false }
            let own = UInt64(base.position.dropFirst(4)) ?? 0
            switch target {
            case .time(let time): return base.time <= time
            case .through(let text): return own <= UInt64(text.dropFirst(4)) ?? 0
            case .before(let text): return own < UInt64(text.dropFirst(4)) ?? 0
            case .end: return true
            }
        }
        let best = fitting.compactMap(index).max()
        return fitting.last { index($0) == best }
    }

    /// Where the log must reach.
    private func need(
        _ target: LogTarget, _ history: [Event], _ legs: [(timeline: UInt32, cutoff: LogPlace?)], _ base: RestoreBase
    ) -> Answer? {
        let onPath = legs.flatMap { leg in
            kept.filter { piece in
                piece.timeline == leg.timeline && leg.cutoff.map { Self.begin(piece) < $0 } ?? true
            }
        }
        let order = legs.map(\.timeline)
        let rank = { (timeline: UInt32) in order.firstIndex(of: timeline) ?? -1 }
        let last = onPath.last
        let lastEnd = last.map { piece in
            legs[rank(piece.timeline)].cutoff.map { min($0, piece.part.header.end) } ?? piece.part.header.end
        }
        let isNothingBehind =
            last.map { piece in
                (rank(piece.timeline), lastEnd ?? base.place) < (rank(base.timeline), base.place)
            } ?? true
        var known = -Double.infinity
        if let last { known = Double(Self.seconds(last.part.header.written)) }
        let event: Event?
        switch target {
        case .time(let time): event = history.first { Double($0.time) > time }
        case .through(let text), .before(let text):
            guard let found = history.first(where: { "0-1-\($0.sequence)" == text }) else { return nil }
            event = found
        case .end: event = nil
        }
        if let event, let last, let lastEnd,
            (rank(event.timeline), event.place) <= (rank(last.timeline), lastEnd)
        {
            return Answer(point: base.point, until: event.place, untilTimeline: event.timeline)
        }
        switch target {
        case .end: break
        case .time(let time):
            let stands = isNothingBehind ? base.time : -.infinity
            guard time <= max(known, stands) else { return nil }
        default: return nil
        }
        if isNothingBehind { return Answer(point: base.point) }
        return Answer(point: base.point, until: lastEnd, untilTimeline: last?.timeline ?? 0)
    }

    /// A position whose transaction ended in a part that is lost.
    func isLost(_ target: LogTarget) -> Bool {
        let text: String
        switch target {
        case .through(let position), .before(let position): text = position
        default: return false
        }
        guard let event = events.values.joined().first(where: { "0-1-\($0.sequence)" == text }) else { return true }
        return !kept.contains { piece in
            piece.timeline == event.timeline && Self.begin(piece) < event.place && event.place <= piece.part.header.end
        }
    }

    private func hasBytes(_ timeline: UInt32, _ file: String, _ count: UInt64) -> Bool {
        var reached: UInt64 = 0
        for piece in kept where piece.timeline == timeline && piece.part.header.file == file {
            if piece.part.header.offset == reached { reached = piece.part.header.end.offset }
        }
        return reached >= count
    }

    static func begin(_ piece: Piece) -> LogPlace {
        LogPlace(file: piece.part.header.file, offset: piece.part.header.offset)
    }

    private static func seconds(_ text: String) -> Int64 {
        let parts = text.dropFirst(11).dropLast().split(separator: ":").compactMap { Int64($0) }
        return parts[0] * 3600 + parts[1] * 60 + parts[2]
    }
}
