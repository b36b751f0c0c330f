public import DataSources
import Journal
import Repository
import Trees

/// A scratch copy of a database held at a moment, to look around in, to go forward in, and to bring rows back from.
///
/// Used by one task at a time. Whoever starts one calls `end`.
public final class Exploration {
    /// What is known of the source.
    public let known: AnySecond
    let context: RecoveryContext
    /// Who looks at it: what is erased and masked for them is so after each step too.
    let recipient: Handover.Recipient
    /// The timeline that is explored.
    let timeline: UInt32
    let replayer: any LogReplayer
    let restorer: any SourceRestorer
    /// The copy; its server is another one after each step.
    public internal(set) var copy: ScratchCopy
    /// Where it stands.
    public internal(set) var standing: Standing
    /// The moment that it shows, seconds since 1970; nil where only transactions tell.
    public internal(set) var moment: Double?
    /// It goes on when the program has ended.
    public internal(set) var isPromoted = false
    /// Its server was stopped by a step that failed.
    var isBroken = false
    var plan: RestorePlan
    var log: ExploreLog

    /// Restores a copy by `plan`, which is one of `known`, and hands it over to `recipient`.
    ///
    /// - Throws: as `AnySecondRestore.scratch`.
    public static func start(
        _ plan: RestorePlan, _ known: AnySecond, for recipient: Handover.Recipient, in context: RecoveryContext,
        phase: (PointRestore.Phase) -> Void = { _ in }
    ) async throws -> Exploration {
        let restorer = context.factory.restorer(known.source, context.environment)
        let replayer = try LogForward.replayer(restorer, known.source.name)
        let copy = try await known.restore(plan, in: context).scratch(for: recipient, phase: phase)
        let exploration = Exploration(plan, known, recipient, context, restorer, replayer, copy)
        do {
            try await exploration.lookAhead()
        } catch {
            try? await exploration.end()  // what went wrong before matters more
            throw error
        }
        return exploration
    }

    /// Names what comes next, also where a restore had no reason to fetch more of the log than the target.
    private func lookAhead() async throws {
        guard standing.next == nil, let next = try await next(1).first else { return }
        standing.next = "\(next.position) of \(Timestamp(seconds: Int64(next.time)).rfc3339)"
    }

    private init(
        _ plan: RestorePlan, _ known: AnySecond, _ recipient: Handover.Recipient, _ context: RecoveryContext,
        _ restorer: any SourceRestorer, _ replayer: any LogReplayer, _ copy: ScratchCopy
    ) {
        self.recipient = recipient
        self.plan = plan
        self.known = known
        self.context = context
        self.restorer = restorer
        self.replayer = replayer
        self.copy = copy
        timeline = plan.timeline
        standing = Exploration.standing(plan, copy)
        log = Exploration.log(plan, known, context, copy)
        if case .time(let time) = plan.target { moment = time } else { moment = standing.lastTime }
    }

    static func standing(_ plan: RestorePlan, _ copy: ScratchCopy) -> Standing {
        copy.replayed?.stop.map { Standing($0) } ?? Standing(plan.base)
    }

    static func log(
        _ plan: RestorePlan, _ known: AnySecond, _ context: RecoveryContext, _ copy: ScratchCopy
    ) -> ExploreLog {
        let standing = standing(plan, copy)
        return ExploreLog(
            known, timeline: plan.timeline, from: LogPlace(file: standing.file, offset: standing.offset),
            on: standing.timeline, folder: copy.workspace.log, in: context)
    }

    /// The source.
    public var source: ProtectedSource { known.source }

    /// The copy's server.
    ///
    /// - Throws: `notHandedOver` when a step has failed and left none.
    public func server() throws -> any ExploredServer {
        guard !isBroken, let server = copy.server as? any ExploredServer else {
            throw RecoveryError(
                .notHandedOver, "no server runs on the copy any more: a step failed", subject: source.name,
                hint: "leave, and explore again")
        }
        return server
    }

    /// The next transactions, at most `count`.
    public func next(_ count: Int) async throws -> [FoundTransaction] {
        let finder = try await finder()
        while true {
            guard let log = try await log.log(from: standing.start(source.kind, like: plan.base.start)) else {
                return []
            }
            let found = try await finder.find(EventQuestion(), in: log, limit: count + 1).filter { isAhead($0) }
            if found.count >= count { return Array(found.prefix(count)) }
            guard try await self.log.more() else { return found }
        }
    }

    private func isAhead(_ found: FoundTransaction) -> Bool {
        guard source.kind == .postgresql, let here = EnginePosition(standing.position, kind: .postgresql),
            let there = EnginePosition(found.position, kind: .postgresql)
        else { return true }
        return there.isBehind(here)
    }

    private func finder() async throws -> any EventFinder {
        if let finder = restorer as? any EventFinder { return finder }
        guard case .postgresql(let settings) = source.settings else {
            throw RecoveryError(
                .notConfigured, "the log of a \(source.kind.rawValue) cannot be searched", subject: source.name)
        }
        return PostgreSQLEventFinder(
            settings: settings, environment: context.environment,
            names: try await PostgreSQLEventFinder.names(of: try server()))
    }

    /// Starts the copy's server anew, so that it outlives the program.
    public func promote() async throws {
        let old = try server()
        isBroken = true
        try await old.stop()
        copy = copy.with(server: try await keeping.start(data: copy.folder, run: copy.workspace.run))
        isBroken = false
        isPromoted = true
    }

    private var keeping: any SourceRestorer {
        if var restorer = restorer as? MariaDBRestorer {
            restorer.keepsRunning = true
            return restorer
        }
        if var restorer = restorer as? PostgreSQLRestorer {
            restorer.keepsRunning = true
            return restorer
        }
        return restorer
    }

    /// Folders that are left when a promoted copy is not wanted any more.
    public var folders: [String] { [copy.workspace.base, copy.workspace.run] }

    /// Stops the server and removes everything; a promoted copy keeps its server and its data.
    public func end() async throws {
        if isPromoted, !isBroken {
            await Workspace.remove([copy.workspace.log, copy.workspace.files])
        } else if isBroken {
            try? await copy.server?.stop()  // it was stopped, or it failed
            await copy.workspace.removeAll()
        } else {
            try await copy.end()
        }
    }
}

extension ScratchCopy {
    /// The same files with another server.
    func with(server: any ScratchServer) -> ScratchCopy {
        ScratchCopy(
            source: source, part: part, server: server, folder: folder, fileChecks: fileChecks, replayed: replayed,
            workspace: workspace)
    }
}
