import DataSources
import Journal
import ObjectStore
import Trees

/// Looks through the journal of a PostgreSQL for transactions.
///
/// Its log says when a transaction was committed only within, and when it arrived outside: what may have been committed by the end
/// of the span is fetched bit by bit, until something younger is seen.
struct WALSearch {
    /// The clocks of the server and of the journal may differ by so much, seconds.
    private static let clockDifference = 300.0

    private let known: AnySecond
    private let path: TimelinePath
    private let settings: PostgreSQLSettings
    private let context: RecoveryContext

    init(_ known: AnySecond, _ path: TimelinePath, _ settings: PostgreSQLSettings, in context: RecoveryContext) {
        self.known = known
        self.path = path
        self.settings = settings
        self.context = context
    }

    func find(_ question: EventQuestion, limit: Int) async throws -> EventSearch.Answer {
        let (runs, missing) = path.runs(from: question.from.map { $0 - Self.clockDifference })
        guard let first = runs.first else {
            return EventSearch.Answer(transactions: [], byteCount: 0, missing: missing)
        }
        var names = RelationNameSearch(known, path, question.table, in: context)
        try await names.read(since: first.lowerBound)
        let finder = PostgreSQLEventFinder(
            settings: settings, environment: context.environment, names: names.names)
        var found = [FoundTransaction]()
        var byteCount: UInt64 = 0
        for run in runs where found.count < limit {
            let parts = path.segments(in: run)
            guard !parts.isEmpty else { continue }
            let answer = try await find(question, parts, finder, limit: limit - found.count)
            found += answer.found
            byteCount += answer.byteCount
        }
        return EventSearch.Answer(transactions: found, byteCount: byteCount, missing: missing, notes: names.notes)
    }

    private func find(
        _ question: EventQuestion, _ parts: [RestorePlan.LogPart], _ finder: PostgreSQLEventFinder, limit: Int
    ) async throws -> (found: [FoundTransaction], byteCount: UInt64) {
        let workspace = try Workspace.scratch(in: context, source: known.source)
        do {
            let fetch = LogFetch(known.source.name, folder: workspace.log, from: context.repository)
            let byteCount = try await self.fetch(parts, to: question.to, fetch, workspace)
            let found = try await finder.find(question, in: fetch.log(from: SourcePosition()), limit: limit)
            await workspace.removeAll()
            return (found, byteCount)
        } catch {
            await workspace.removeAll()
            throw error
        }
    }

    /// Gives how many bytes of log were fetched.
    private func fetch(
        _ parts: [RestorePlan.LogPart], to end: Double?, _ fetch: LogFetch, _ workspace: Workspace
    ) async throws -> UInt64 {
        // Segments are as long as files of the log: those that arrived by then, and one more.
        let later = end.flatMap { end in parts.firstIndex { ($0.part.header.arrived ?? 0) > end } }
        var count = end == nil ? parts.count : min((later ?? parts.count) + 1, parts.count)
        var rest = parts[...]
        var byteCount: UInt64 = 0
        while true {
            let next = Array(rest.prefix(count))
            rest = rest.dropFirst(count)
            let size = next.reduce(0) { $0 + $1.part.header.byteCount }
            let (place, name) = (workspace.base, known.source.name)
            try await PointRestore.lane.run { try PointRestore.requireSpace(size, at: place, for: name) }
            try await fetch.fetch(next)
            byteCount += size
            guard let end, !rest.isEmpty else { return byteCount }
            if await isBehind(end, fetch.log(from: SourcePosition())) { return byteCount }
            count = min(count * 2, 64)
        }
    }

    /// Has the log something younger?
    private func isBehind(_ time: Double, _ log: ReplayLog) async -> Bool {
        let restorer = PostgreSQLRestorer(settings: settings, environment: context.environment)
        // A log without a whole record yet says nothing; the search itself will say what is wrong with it.
        return (try? await restorer.locate(.time(time), in: log))?.next != nil
    }
}

extension SegmentHeader {
    /// When it was sealed, seconds since 1970: everything in it was committed by then. Nil for what is no time.
    fileprivate var arrived: Double? { Timestamp(rfc3339: written)?.fraction }
}

extension TimelinePath {
    /// Parts of PostgreSQL's log that may have commits at or after a time, as runs without a hole, each from the beginning of a file;
    /// and files whose beginning is missing.
    func runs(from time: Double?) -> (runs: [Range<Int>], missing: [String]) {
        var runs = [Range<Int>]()
        var missing = [String]()
        for index in parts.indices {
            if let time, let arrived = parts[index].part.header.arrived, arrived < time { continue }
            guard let start = fileStart(of: index) else {
                let file = parts[index].part.header.file
                if !missing.contains(file) { missing.append(file) }
                continue
            }
            if let last = runs.last, start < last.upperBound || start == last.upperBound && parts[start].follows {
                runs[runs.count - 1] = last.lowerBound..<index + 1
            } else {
                runs.append(start..<index + 1)
            }
        }
        return (runs, missing)
    }

    /// What there is to fetch in a run: the records of timelines among the segments tell nothing about transactions.
    fileprivate func segments(in run: Range<Int>) -> [RestorePlan.LogPart] {
        parts[run].filter { !$0.part.header.file.hasSuffix(".history") }.map {
            RestorePlan.LogPart(timeline: timeline($0), part: $0.part, end: $0.end)
        }
    }
}
