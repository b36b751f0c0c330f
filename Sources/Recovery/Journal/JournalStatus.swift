public import DataSources
import Glibc
public import Journal
import Repository
import Trees

/// How the journal of a source fares: what runs here, what the store holds, and what is wrong.
public struct JournalStatus: Sendable {
    /// The source.
    public let source: String
    /// A journal runs on this machine.
    public let isRunning: Bool
    /// What the journal on this machine says; nil when none ever ran here.
    public let state: JournalState?
    /// The timelines.
    public let timelines: TimelineTree
    /// What is archived of the newest one; nil when there is none.
    public let coverage: Coverage?
    /// Where the server's log stands; nil when it does not say.
    public let server: LogState?
    /// Since when a base is needed, and why; nil when there is one.
    public let baseDue: JournalState.Message?
    /// Age of the oldest bytes that are not archived, seconds; 0 when nothing waits.
    public let lagSeconds: Double
    /// Everything that is wrong, a line each; empty when all is well.
    public let problems: [String]

    /// How far the server is ahead of what is archived, bytes; nil when that cannot be said.
    public var behindByteCount: UInt64? {
        guard let server, let end = coverage?.spans.last?.end, end.file == server.currentFile else { return nil }
        return server.currentOffset > end.offset ? server.currentOffset - end.offset : 0
    }

    /// Looks at a source's journal: at the state file, the store and the server. Changes nothing.
    ///
    /// - Throws: `StoreError`; `JournalError` when the timelines cannot be read.
    public init(of source: ProtectedSource, in context: RecoveryContext) async throws {
        let repository = context.repository
        let reader = JournalReader(
            store: repository.store, repositoryID: repository.config.id, key: repository.key, source: source.name)
        self.source = source.name
        isRunning = FileLock.isHeld(folder: context.stateFolder, name: JournalRun.lockName(source.name))
        state = JournalState.read(context.stateFolder, source: source.name)
        timelines = try await reader.timelines()
        if let live = timelines.live { coverage = try await reader.coverage(of: live) } else { coverage = nil }
        // A server that does not answer is told as a problem of the tool; here it is only left out.
        server = try? await (context.factory.dataSource(source, context.environment, nil) as? any LogSource)?.logState()
        let newestBase = try await JournalStatus.newestBase(of: source.name, on: timelines.live?.timeline, repository)
        baseDue = JournalStatus.baseDue(state, timelines, coverage, newestBase)
        lagSeconds =
            state?.waitingSince.flatMap { Timestamp(rfc3339: $0) }.map { since in
                let now = context.now()
                return max(
                    0, Double(now.seconds - since.seconds) + (Double(now.nanoseconds) - Double(since.nanoseconds)) / 1e9
                )
            } ?? 0
        problems = JournalStatus.problems(
            isRunning, state, coverage, server, baseDue, lagSeconds, source.journal ?? JournalSettings())
    }

    /// When the newest point was begun that has the source whole, on this timeline; RFC 3339.
    private static func newestBase(
        of source: String, on timeline: UInt32?, _ repository: OpenRepository
    ) async throws -> String? {
        try await PointStore(repository).list().entries.last { entry in
            entry.has(source) && entry.point.part(source)?.timeline == timeline && timeline != nil
                && entry.point.part(source)?.outcome == .complete
        }?.point.started
    }

    private static func baseDue(
        _ state: JournalState?, _ tree: TimelineTree, _ coverage: Coverage?, _ newestBase: String?
    ) -> JournalState.Message? {
        guard let live = tree.live else { return nil }
        var reasons = [JournalState.Message(time: live.created, text: "timeline \(live.timeline) has no base yet")]
        if let gap = coverage?.gaps.last, let written = coverage?.spans.last?.parts.first?.header.written {
            reasons.append(.init(time: written, text: gap.reason))
        }
        if let mark = state?.baseDue, state?.timeline == live.timeline { reasons.append(mark) }
        guard let base = newestBase.flatMap({ Timestamp(rfc3339: $0) }) else { return reasons.last }
        return reasons.last { reason in Timestamp(rfc3339: reason.time).map { $0 > base } ?? true }
    }

    private static func problems(
        _ isRunning: Bool, _ state: JournalState?, _ coverage: Coverage?, _ server: LogState?,
        _ baseDue: JournalState.Message?, _ lag: Double, _ settings: JournalSettings
    ) -> [String] {
        var problems = [String]()
        if !isRunning { problems.append("it does not run on this machine: `lifeboat journal run`") }
        if let error = state?.storeError { problems.append("the store does not take it: \(error.text)") }
        if let error = state?.toolError, isRunning { problems.append("the log cannot be followed: \(error.text)") }
        if server == nil { problems.append("the server does not say where its log stands") }
        if let baseDue { problems.append("a base is due: \(baseDue.text)") }
        if let gap = coverage?.gaps.last, coverage?.spans.last?.parts.last == nil || gap.before == nil {
            problems.append(gap.reason)
        }
        if lag > max(30, settings.flush / .seconds(1) * 10) {
            problems.append("what waits is \(Int(lag)) s old")
        }
        return problems
    }
}

extension FileLock {
    /// Does somebody hold the lock? Nobody is kept from taking it but for the moment of looking.
    static func isHeld(folder: String, name: String) -> Bool {
        let file = open("\(folder)/\(name).lock", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        guard flock(file, LOCK_SH | LOCK_NB) == 0 else { return errno == EWOULDBLOCK }
        _ = flock(file, LOCK_UN)
        return false
    }
}
