/// Finds where in a log a replay ends.
struct WALLocator {
    private let dump: WALDump
    private let log: ReplayLog
    private let segmentByteCount: UInt64

    init(_ log: ReplayLog, _ dump: WALDump) {
        self.dump = dump
        self.log = log
        segmentByteCount = dump.archive.segmentByteCount
    }

    func locate(_ target: WALTarget) async throws -> LogStop {
        let begin = dump.archive.begin
        let base = try place(log.start.startLSN) ?? begin
        let consistent = try place(log.start.endLSN) ?? base
        // A base brings along the segments that it needs, to the end of the last one.
        let own = (consistent.byteCount + segmentByteCount - 1) / segmentByteCount * segmentByteCount
        guard base >= begin || begin.byteCount <= own else {
            throw SourceError(
                .checkFailed, "the log begins at \(begin), but the base ends at \(consistent)",
                subject: dump.archive.segments[0].name.description)
        }
        let (start, earliest) = (max(base, begin), max(consistent, begin))
        let (finder, end) = try await dump.read(
            from: start, managers: ["Transaction"], into: try await finder(target, earliest)
        ) { [segmentByteCount] finder, record in
            if let transaction = WALTransaction(record, segmentByteCount: segmentByteCount) { finder.take(transaction) }
        }
        let reach = Reach(earliest: earliest, end: end, finder: finder)
        guard let stop = finder.stop ?? stop(target, end) else { throw reach.failure(target) }
        guard stop >= earliest, stop <= end else { throw reach.failure(target) }
        return self.stop(at: stop, end, finder)
    }

    private func place(_ text: String?) throws -> LSN? {
        guard let text, !text.isEmpty else { return nil }
        guard let place = LSN(text) else {
            throw SourceError(.malformedStream, "the base's position is no LSN", subject: text)
        }
        return place
    }

    private func finder(_ target: WALTarget, _ earliest: LSN) async throws -> WALStopFinder {
        switch target {
        case .time(let time): return WALStopFinder(time: time)
        case .transaction(let number, let isIncluded): return WALStopFinder(number: number, isIncluded: isIncluded)
        case .end: return WALStopFinder()
        case .place(let place, let isIncluded):
            // What is before the base need not be in the log.
            guard place >= earliest, let record = try await dump.record(atOrAfter: place) else {
                return WALStopFinder(stop: place >= earliest ? nil : place)
            }
            let stop = isIncluded ? record.start : record.previous
            return WALStopFinder(stop: stop.withoutPageHeader(segmentByteCount: segmentByteCount))
        }
    }

    /// The stop for what no transaction and no record is behind.
    private func stop(_ target: WALTarget, _ end: LSN) -> LSN? {
        switch target {
        case .time, .end: end
        case .transaction: nil
        case .place(let place, let isIncluded): isIncluded && place <= end ? end : nil
        }
    }

    private func stop(at stop: LSN, _ end: LSN, _ finder: WALStopFinder) -> LogStop {
        // The file whose byte is the last one that is applied.
        let number = (max(stop.byteCount, 1) - 1) / segmentByteCount
        let segment = dump.archive.newest.first { dump.archive.number($0) == number }
        let next = finder.next.map(\.description) ?? (stop < end ? "\(end) (the end of the log)" : nil)
        return LogStop(
            file: segment.map { $0.file.name } ?? "", timeline: segment?.file.timeline ?? 1,
            offset: stop.byteCount - number * segmentByteCount, position: "\(stop)",
            lastTime: finder.last.map { WALTime.seconds($0.stamp) },
            next: next)
    }
}

/// What a log reaches from a base on, for messages.
private struct Reach {
    let earliest: LSN
    let end: LSN
    let finder: WALStopFinder

    func failure(_ target: WALTarget) -> SourceError {
        let what =
            switch target {
            case .time(let time): WALTime.text(time)
            case .transaction(let number, _): "the transaction \(number)"
            case .place(let place, _): "\(place)"
            case .end: "the end of the log"
            }
        var hint = "it can be replayed to any place from \(earliest) to \(end)"
        if let first = finder.first, let newest = finder.newest {
            hint += "; transactions end from \(first.description) to \(newest.description)"
        }
        return SourceError(.checkFailed, "\(what) lies outside of base and log", subject: "PostgreSQL", hint: hint)
    }
}
