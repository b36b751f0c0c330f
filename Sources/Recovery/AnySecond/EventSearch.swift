public import DataSources
import Journal
import Repository

/// Looks through the journal of a database for transactions.
public struct EventSearch: Sendable {
    /// What was found.
    public struct Answer: Sendable {
        /// In the log's order.
        public let transactions: [FoundTransaction]
        /// Bytes of log that were read.
        public let byteCount: UInt64
        /// Log that could not be looked at, by name.
        public let missing: [String]
        /// What somebody should know who reads it.
        public var notes: [String] = []
    }

    private let known: AnySecond
    private let context: RecoveryContext

    /// A search in what is known of a source.
    public init(_ known: AnySecond, in context: RecoveryContext) {
        self.known = known
        self.context = context
    }

    /// Looks through the log of a timeline, and of those it came from until they were left.
    ///
    /// - Throws: `notConfigured` when the engine cannot be asked, or has no journal; what the fetch and the engine say.
    public func find(
        _ question: EventQuestion, timeline: UInt32? = nil, limit: Int = 100
    ) async throws -> Answer {
        let source = known.source
        guard let number = timeline ?? known.planner.live, let path = TimelinePath(to: number, in: known.coverages)
        else {
            throw RecoveryError(
                .notConfigured, "there is no journal of it" + (timeline.map { ", or no timeline \($0)" } ?? ""),
                subject: source.name, hint: "`lifeboat timeline \(source.name)` shows what there is")
        }
        if case .postgresql(let settings) = source.settings {
            return try await WALSearch(known, path, settings, in: context).find(question, limit: limit)
        }
        guard let finder = context.factory.restorer(source, context.environment) as? any EventFinder else {
            throw RecoveryError(
                .notConfigured, "the log of a \(source.kind.rawValue) cannot be searched", subject: source.name)
        }
        let (parts, missing) = path.parts(between: question.from, question.to)
        guard !parts.isEmpty else { return Answer(transactions: [], byteCount: 0, missing: missing) }
        let workspace = try Workspace.scratch(in: context, source: source)
        do {
            let fetch = LogFetch(source.name, folder: workspace.log, from: context.repository)
            try await fetch.fetch(parts)
            let found = try await finder.find(question, in: fetch.log(from: SourcePosition()), limit: limit)
            await workspace.removeAll()
            let size = parts.reduce(0) { $0 + $1.part.header.byteCount }
            return Answer(transactions: found, byteCount: size, missing: missing)
        } catch {
            await workspace.removeAll()
            throw error
        }
    }
}

extension TimelinePath {
    /// The files, each from its beginning, that may have events of a span of time; and files whose beginning is missing.
    func parts(between from: Double?, _ to: Double?) -> (parts: [RestorePlan.LogPart], missing: [String]) {
        var chosen = [Int]()
        var missing = [String]()
        let wanted = parts.indices.filter { index in
            let header = parts[index].part.header
            guard let first = header.firstTime, let last = header.lastTime else { return false }
            return Double(last) >= from ?? -.infinity && Double(first) <= to ?? .infinity
        }
        for index in wanted where !chosen.contains(index) {
            guard let start = fileStart(of: index) else {
                let file = parts[index].part.header.file
                if !missing.contains(file) { missing.append(file) }
                continue
            }
            chosen += (start...index).filter { !chosen.contains($0) }
        }
        return (
            chosen.map { RestorePlan.LogPart(timeline: timeline(parts[$0]), part: parts[$0].part, end: parts[$0].end) },
            missing
        )
    }
}
