import DataSources
import Journal

/// The log behind the place where a copy stands, fetched as it is needed.
final class ExploreLog {
    private let fetch: LogFetch
    private var rest: ArraySlice<RestorePlan.LogPart>
    private var count = 1
    private var isEmpty = true

    /// The log on the way to `timeline`, from the beginning of the file that `place` is in.
    ///
    /// `folder` is made once something is fetched.
    init(
        _ known: AnySecond, timeline: UInt32, from place: LogPlace, on own: UInt32, folder: String,
        in context: RecoveryContext
    ) {
        fetch = LogFetch(known.source.name, folder: folder, from: context.repository)
        rest = []
        guard let path = TimelinePath(to: timeline, in: known.coverages) else { return }
        let index = path.parts.lastIndex { part in
            path.timeline(part) == own && part.begin.file == place.file && part.begin <= place && place <= part.end
        }
        guard let index, let start = path.fileStart(of: index) else { return }
        let parts = path.parts[start..<path.runEnd(from: index)].map { part in
            RestorePlan.LogPart(timeline: path.timeline(part), part: part.part, end: part.end)
        }
        rest = parts[...]
        count = index - start + 1
    }

    /// Fetches more of it.
    ///
    /// - Returns: false when there is no more.
    func more() async throws -> Bool {
        guard !rest.isEmpty else { return false }
        try await fetch.fetch(Array(rest.prefix(count)))
        rest = rest.dropFirst(count)
        count = min(count * 2, 64)
        isEmpty = false
        return true
    }

    /// What was fetched, as a log that begins at `start`; nil when nothing is there.
    func log(from start: SourcePosition) async throws -> ReplayLog? {
        if isEmpty, try await !more() { return nil }
        return fetch.log(from: start)
    }
}
