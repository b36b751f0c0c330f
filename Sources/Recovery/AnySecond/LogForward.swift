public import DataSources
import Journal
import ObjectStore

/// What brought a restored database forward from its base.
public struct Replayed: Sendable, Hashable, Codable {
    /// Where it ends; nil when the base stood there already.
    public var stop: LogStop?
    /// What was replayed; nil when nothing was.
    public var report: ReplayReport?
}

/// Brings a database that was built from a base forward by the log of a plan.
struct LogForward {
    let plan: RestorePlan
    let context: RecoveryContext
    /// What tells the histories apart that there are: the one that a replay begins gets another number.
    var serverNames: [String] = []

    /// Fetches the log, finds the place in it where the replay ends, and replays.
    ///
    /// - Throws: `notConfigured` when the engine's restorer cannot; `targetUnreachable`; what they say.
    func run(
        _ restorer: any SourceRestorer, in workspace: Workspace, phase: (PointRestore.Phase) -> Void
    ) async throws -> (stop: LogStop, report: ReplayReport)? {
        guard !plan.log.isEmpty else { return nil }
        var replayer = try LogForward.replayer(restorer, plan.source)
        if var postgreSQL = replayer as? PostgreSQLRestorer {
            postgreSQL.serverNames = serverNames
            replayer = postgreSQL
        }
        phase(.log)
        let (needed, place) = (plan.logByteCount, workspace.log.parentFolder)
        try await PointRestore.lane.run { try PointRestore.requireSpace(needed, at: place, for: plan.source) }
        // What an attempt left that was killed: files are appended to.
        await Workspace.remove([workspace.log])
        let fetch = LogFetch(plan.source, folder: workspace.log, from: context.repository)
        try await fetch.fetch(plan.log)
        let stop = try await locate(replayer, fetch, phase)
        phase(.replay)
        let report = try await replayer.replay(
            fetch.log(from: plan.base.start), to: stop, data: workspace.data, run: workspace.run)
        await Workspace.remove([workspace.log])
        return (stop, report)
    }

    static func replayer(_ restorer: any SourceRestorer, _ source: String) throws -> any LogReplayer {
        if let replayer = restorer as? any LogReplayer { return replayer }
        throw RecoveryError(
            .notConfigured, "a \(restorer.kind.rawValue) cannot be brought forward by a log", subject: source,
            hint: "`lifeboat restore --point` restores its recovery points")
    }

    /// Where the replay ends; fetches more of the log for as long as the target may lie behind what is there.
    private func locate(
        _ replayer: any LogReplayer, _ fetch: LogFetch, _ phase: (PointRestore.Phase) -> Void
    ) async throws -> LogStop {
        var rest = plan.behind[...]
        var count = 1
        while true {
            phase(.locate)
            let found = await found(replayer, fetch)
            let stop = try? found.get()  // the error is thrown below
            let isSure = stop?.next != nil || stop != nil && plan.replayTarget.isTransaction
            guard !isSure, !rest.isEmpty else {
                let stop = try found.get()
                if !isSure, let hole = plan.hole { throw LogForward.unreachable(plan, stop, hole) }
                return stop
            }
            phase(.log)
            try await fetch.fetch(Array(rest.prefix(count)))
            rest = rest.dropFirst(count)
            count *= 2
        }
    }

    /// A target that lies outside of the log that was fetched may be in what was not.
    private func found(_ replayer: any LogReplayer, _ fetch: LogFetch) async -> Result<LogStop, any Error> {
        do {
            return .success(try await replayer.locate(plan.replayTarget, in: fetch.log(from: plan.base.start)))
        } catch {
            return .failure(error)
        }
    }

    private static func unreachable(_ plan: RestorePlan, _ stop: LogStop, _ hole: String) -> RecoveryError {
        RecoveryError(
            .targetUnreachable, "the log is missing where it would be: \(hole)", subject: plan.source,
            hint: "\(stop.position) is the last position before it: --at-position \(stop.position)")
    }
}
