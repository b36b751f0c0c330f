import DataSources
import FoundationEssentials
import Glibc
import Journal
import ObjectStore
import Repository
import Trees

extension InPlaceRestore {
    /// How often the journal is looked at while its last flush is awaited.
    private static let flushLook = Duration.milliseconds(500)

    /// What stands in the way of a rewind, before anything is built.
    func refuseUnready() async throws {
        guard rewind != nil, source.kind == .mariadb else { return }
        guard source.optionFile == nil else {
            let restorer = context.factory.restorer(source, context.environment)
            return try await LogForward.replayer(restorer, source.name).requireKnownLog()
        }
        throw RecoveryError(
            .notConfigured,
            "a restored MariaDB must not write before it has another server id, and no option file is configured for that",
            subject: source.name,
            hint:
                "give the source `option-file: /etc/mysql/mariadb.conf.d/zz-lifeboat.cnf`, or another file that the server reads last"
        )
    }

    /// Makes the copy that was built the beginning of a history of its own. Live things are not touched.
    func beginHistory(_ copy: ScratchCopy, _ workspace: Workspace, _ journal: inout InPlaceJournal) async throws {
        guard let rewind else { return }
        let replayer = try await logging(
            LogForward.replayer(context.factory.restorer(source, context.environment), source.name), &journal)
        var (highest, servers) = (rewind.highest, rewind.records.map(\.server))
        if let live = await liveState() {
            highest.append(live.position)
            servers.append(live.server)
        }
        watch(Self.historyStep)
        let history = try await replayer.beginHistory(
            data: workspace.data, run: workspace.run, highest: highest, serverNames: servers)
        journal.rewind = rewind.state(copy, history, now: context.now())
        guard source.kind != .mariadb || !history.position.isEmpty else {
            throw RecoveryError(
                .notConfigured,
                "it is not known where the server writes its log, so the new history cannot be told from the old one",
                subject: source.name, hint: "give the source `log-bin:` as the server has it; nothing live was touched")
        }
        try await handOver(copy, replayer, history, workspace, &journal)
        guard !history.optionLines.isEmpty else { return }
        guard let file = source.optionFile else {
            throw RecoveryError(
                .notConfigured, "the restored server needs options that nothing is configured for",
                subject: source.name,
                hint: "give the source `option-file:`; it needs: " + history.optionLines.joined(separator: "; "))
        }
        let exchange = Exchange.of(live: file, id: journal.id)
        try OptionFile.write(history.optionLines, kind: source.kind, from: file, to: exchange.new ?? file)
        journal.exchanges.insert(exchange, at: 0)
    }

    /// A log outside of the data folder goes aside with it: what was cut off is in it, and is no part of the new history.
    private func logging(
        _ replayer: any LogReplayer, _ journal: inout InPlaceJournal
    ) async throws -> any LogReplayer {
        guard let live = try await replayer.logFolder() else { return replayer }
        let exchange = Exchange.of(live: live, id: journal.id)
        guard let new = exchange.new else { return replayer }
        await Workspace.remove([new])
        try await PointRestore.lane.run { try InPlaceRestore.makeFolder(new, like: live) }
        journal.exchanges.insert(exchange, at: 0)
        return replayer.writingLog(to: new)
    }

    private static func makeFolder(_ path: String, like other: String) throws {
        var status = stat()
        guard stat(other, &status) == 0 else { throw RecoveryError.system(errno, "cannot look at", other) }
        guard mkdir(path, 0o700) == 0, chown(path, status.st_uid, status.st_gid) == 0,
            chmod(path, status.st_mode & 0o7777) == 0
        else { throw RecoveryError.system(errno, "cannot make the folder", path) }
    }

    /// Erases again, as the first thing that the new history has in its log: whoever replays that has it too.
    private func handOver(
        _ copy: ScratchCopy, _ replayer: any LogReplayer, _ history: NewHistory, _ workspace: Workspace,
        _ journal: inout InPlaceJournal
    ) async throws {
        guard let plan = rewind?.plan, HandoverRules.concerns(source.kind) else { return }
        watch(PointRestore.Phase.handover.rawValue)
        let server = try await replayer.start(data: workspace.data, run: workspace.run, in: history)
        do {
            let record = try await Handover(in: context).run(
                on: server, source: source, restored: plan.restored(copy), for: .production)
            journal.handover = record
            journal.rewind?.erasedAgain = try await Handover(in: context).confirmed(
                source, plan.restored(copy), upTo: record.erasureCount)
            journal.rewind?.erasedTo = try await position(of: server)
            try await server.stop()
        } catch {
            try? await server.stop()  // what went wrong before matters more
            throw error
        }
    }

    private func position(of server: any ScratchServer) async throws -> String? {
        let query = source.kind == .mariadb ? "SELECT @@gtid_binlog_pos;" : "SELECT pg_current_wal_lsn();"
        return try await server.query(query, database: nil).first?.first ?? nil
    }

    /// How long a server may take to answer once it was started.
    private static let startPatience = Duration.seconds(10)

    static let historyStep = "history"
    static let flushStep = "flush"
    static let timelineStep = "timeline"

    /// Waits until the journal has everything that the live server wrote, and keeps where that was.
    ///
    /// - Throws: `flushMissing` when that takes longer than it may.
    func awaitFlush(_ journal: inout InPlaceJournal) async throws {
        guard let timeout = rewind?.flushTimeout, journal.rewind != nil, journal.rewind?.flushed == nil else { return }
        watch(Self.flushStep)
        guard let live = await liveState(), let wanted = EnginePosition(live.position, kind: source.kind) else {
            context.alarm("\(source.name): the live server does not answer; what it wrote last may be in no journal")
            return
        }
        let began = ContinuousClock.now
        while true {
            let last = try await journalEnd()
            if let last, EnginePosition(last, kind: source.kind)?.includes(wanted) ?? false { break }
            guard began.duration(to: .now) < timeout else { throw Self.flushMissing(source.name, live, last, timeout) }
            try await Task.sleep(for: Self.flushLook)
        }
        journal.rewind?.flushed = live.position
        try journal.write(context.stateFolder)
    }

    private static func flushMissing(
        _ source: String, _ live: LogState, _ last: String?, _ timeout: Duration
    ) -> RecoveryError {
        RecoveryError(
            .flushMissing,
            "the journal did not catch up within \(timeout.components.seconds) s: the server stands at \(live.position), the journal at \(last ?? "nothing")",
            subject: source,
            hint:
                "nothing live was touched; see that `lifeboat journal run` runs, then run the same restore again. --without-last-flush goes on without: what was written since is then only in the copy that is kept aside"
        )
    }

    /// Where the live server stands; nil when it cannot be asked, which is why it is restored perhaps.
    private func liveState() async -> LogState? {
        guard let log = context.factory.dataSource(source, context.environment, nil) as? any LogSource else {
            return nil
        }
        return try? await log.logState()
    }

    /// Asks the server that was started whether it is the one that the new history is of; one that does not read the option file
    /// goes on with the old server id.
    func askWhetherTaken(_ journal: InPlaceJournal) async {
        guard let expected = journal.rewind?.record.server, source.start != nil else { return }
        let end = ContinuousClock.now + Self.startPatience
        var live = await liveState()
        while live == nil, ContinuousClock.now < end {
            // Woken by a cancellation it looks once more and is done.
            guard (try? await Task.sleep(for: Self.flushLook)) != nil else { return }
            live = await liveState()
        }
        guard let live else {
            return context.alarm("\(source.name): the server does not answer after its start; look whether it runs")
        }
        guard live.server != expected, source.kind == .mariadb else { return }
        context.alarm(
            "\(source.name): the server runs with server_id \(live.server) instead of \(expected); does it read "
                + "\(source.optionFile ?? "its option file")? Until it does, its history can be mistaken for the one that was left"
        )
    }

    private func journalEnd() async throws -> String? {
        guard let timeline = try await timelines.tree().live?.timeline else { return nil }
        let repository = context.repository
        return try await JournalWriter(
            store: repository.store, repositoryID: repository.config.id, key: repository.key, source: source.name,
            timeline: timeline
        ).resume().last?.to
    }

    private var timelines: TimelineStore {
        let repository = context.repository
        return TimelineStore(
            store: repository.store, repositoryID: repository.config.id, key: repository.key, source: source.name)
    }

    /// Stores the record of the new timeline, before the server is started: a journal that connects to it must know it.
    func recordTimeline(_ journal: inout InPlaceJournal) async throws {
        guard var state = journal.rewind, !state.isRecorded else { return }
        let tree = try await timelines.tree()
        // A run that was ended before it could say so has stored it already; somebody else's takes another number.
        while let there = tree.record(state.record.timeline), there != state.record { state.record.timeline += 1 }
        journal.rewind = state
        try journal.write(context.stateFolder)
        if tree.record(state.record.timeline) == nil { try await timelines.write(state.record) }
        watch(Self.timelineStep)
        try await Handover(in: context).confirmAgain(state)
        journal.rewind?.isRecorded = true
        try journal.write(context.stateFolder)
    }
}
