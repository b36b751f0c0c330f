import Glibc
import ObjectStore
import Trees

extension MariaDBRestorer: LogReplayer {
    static let logLane = BlockingLane(name: "binlog", threadCount: 1)

    /// Positions are GTIDs, GTID states (`0-1-5,1-2-9`, for `through` only) or `file:offset`, where a transaction begins. Times
    /// of events are whole seconds. A time behind the log's end is its end.
    public func locate(_ target: LogTarget, in log: ReplayLog) async throws -> LogStop {
        try await MariaDBRestorer.logLane.run {
            var search = try StopSearch(target, log)
            let scan = try BinlogScan(log)
            try scan.run(begin: { try search.begin(at: $0, scan) }) { search.take($0) }
            return try search.result()
        }
    }
}

/// Looks for the place where a replay ends.
private struct StopSearch {
    private enum Wanted {
        case time(Double)
        case end
        /// All of these have to be seen.
        case through(Set<GTID>)
        case before(GTID)
        case throughPlace(file: String, offset: UInt64)
        case beforePlace(file: String, offset: UInt64)
    }

    private let log: ReplayLog
    private let asked: String
    private var wanted: Wanted
    private var stop: LogStop?
    private var isFound = false
    private var isOver = false
    private var first: BinlogTransaction?
    private var last: BinlogTransaction?

    init(_ target: LogTarget, _ log: ReplayLog) throws {
        self.log = log
        switch target {
        case .time(let time): (wanted, asked) = (.time(time), "")
        case .end: (wanted, asked) = (.end, "")
        case .through(let text): (wanted, asked) = (try StopSearch.position(text, isThrough: true), text)
        case .before(let text): (wanted, asked) = (try StopSearch.position(text, isThrough: false), text)
        }
    }

    private static func position(_ text: String, isThrough: Bool) throws -> Wanted {
        if let colon = text.lastIndex(of: ":"), let offset = UInt64(text[text.index(after: colon)...]) {
            let file = String(text[..<colon])
            return isThrough ? .throughPlace(file: file, offset: offset) : .beforePlace(file: file, offset: offset)
        }
        if isThrough, let state = GTIDState(text), !state.all.isEmpty { return .through(Set(state.all)) }
        if !isThrough, let gtid = GTID(text) { return .before(gtid) }
        throw SourceError(
            .invalidSetting, "\(text) is no position", subject: text,
            hint: "a GTID such as 0-1-4711, or a log file and an offset such as binlog.000007:4096")
    }

    mutating func begin(at state: GTIDState, _ scan: BinlogScan) throws {
        let file = log.files[scan.firstFile]
        stop = LogStop(
            file: file.name, timeline: file.timeline, offset: max(4, scan.firstOffset), position: state.description)
        switch wanted {
        case .through(let all):
            let rest = all.subtracting(state.all)
            // A state that is the base's own needs nothing; a transaction before it cannot be reached.
            if rest.isEmpty {
                guard state.newest.allSatisfy({ all.contains($0) }) else {
                    throw outside("lies before the base, \(state)")
                }
                isFound = true
            }
            wanted = .through(rest)
        case .throughPlace(file.name, scan.firstOffset): break
        case .time, .end: isFound = true
        default: break
        }
    }

    /// Gives whether more is to be seen.
    mutating func take(_ item: BinlogScan.Item) -> Bool {
        let (transaction, file) = (item.transaction, log.files[item.file])
        first = first ?? transaction
        last = transaction
        let isBehind: Bool
        switch wanted {
        case .time(let time): isBehind = Double(transaction.time) > time
        case .end: isBehind = false
        case .through(var rest):
            isBehind = rest.isEmpty
            rest.remove(transaction.gtid)
            wanted = .through(rest)
            isFound = rest.isEmpty
        case .before(let gtid):
            isBehind = transaction.gtid == gtid
            isFound = isBehind
        case .beforePlace(let name, let offset):
            isBehind = file.name == name && transaction.offset == offset
            isFound = isBehind
        case .throughPlace(let name, let offset):
            // Where one transaction ends the next begins; the one that begins there is meant.
            let isHere = file.name == name && (transaction.offset == offset || transaction.endOffset == offset)
            isBehind = isFound && !isHere
            isFound = isFound || isHere
        }
        if isBehind {
            stop?.next = StopSearch.words(transaction)
            isOver = true
            return false
        }
        stop = LogStop(
            file: file.name, timeline: file.timeline, offset: transaction.endOffset, position: item.state.description,
            lastTime: Double(transaction.time))
        return true
    }

    func result() throws -> LogStop {
        guard isFound, let stop else { throw outside("is not in the log") }
        return stop
    }

    private func outside(_ why: String) -> SourceError {
        let nearest: String
        if let first, let last {
            nearest = "the log goes from \(StopSearch.words(first)) to \(StopSearch.words(last))"
        } else {
            nearest = "the log has no transaction behind the base"
        }
        return SourceError(.checkFailed, "position \(asked) \(why): \(nearest)", subject: asked, hint: nearest)
    }

    private static func words(_ transaction: BinlogTransaction) -> String {
        "\(transaction.gtid) of \(Timestamp(seconds: Int64(transaction.time)).rfc3339)"
    }
}
