import DataSources
import Journal
import Repository
import Trees

/// What comes after a restore in place: taking it back, or accepting it.
public struct InPlaceUndo: Sendable {
    private let source: ProtectedSource
    private let context: RecoveryContext

    /// For the restore of `source` that was begun last.
    public init(source: ProtectedSource, in context: RecoveryContext) {
        self.source = source
        self.context = context
    }

    /// When the restored service was opened, RFC 3339: what it accepted since then an undo loses. Nil when it never was.
    public func reopened() throws -> String? { try journal().reopened }

    /// Puts back what lies aside; what was restored lies beside it then, with `.lifeboat-undone-` in its name. Goes on where an
    /// undo was interrupted. A restore that was not exchanged yet only loses its copy.
    ///
    /// Gives the paths of what was restored; empty when nothing had been exchanged.
    @discardableResult
    public func undo() async throws -> [String] {
        let lock = try lock()
        defer { lock.release() }
        var journal = try journal()
        let wasExchanged = journal.wasExchanged ?? (journal.step == .exchanged || journal.step == .finished)
        guard
            wasExchanged || journal.step == .undoing || journal.exchanges.contains(where: { Exchange.exists($0.aside) })
        else {
            await Workspace.remove(journal.exchanges.compactMap(\.new))
            if journal.step == .stopped { try await ServiceCommand.start(source, journal.exchanges, in: context) }
            try forget(journal)
            return []
        }
        if journal.step != .undoing {
            try await ServiceCommand.run(source.stop, "stop", in: context)
            try await OpenFiles.refuseHolders(of: journal.exchanges.filter { $0.new != nil }.map(\.live), source)
            journal.step = .undoing
            journal.wasExchanged = wasExchanged
            try journal.write(context.stateFolder)
        }
        let backs = journal.exchanges.reversed().map { ($0, $0.reversed(id: journal.id)) }
        for (exchange, back) in backs { try exchange.undo(back, wasExchanged: wasExchanged) }
        await Workspace.remove(journal.exchanges.compactMap(\.new))
        // A service does not wait for a store that is away; the same command writes it down afterwards.
        let failure = await endTimeline(of: journal)
        try await ServiceCommand.start(source, journal.exchanges, in: context)
        if let failure { throw failure }
        try await context.recorder.record("restore", RestoreEvent(journal, target: "in-place", outcome: "undone"))
        try forget(journal)
        return backs.map(\.1.aside).filter { Exchange.exists($0) }
    }

    private func forget(_ journal: InPlaceJournal) throws {
        if let id = journal.service { try ServiceJournal.forget(source.name, id: id, context.stateFolder) }
        try journal.remove(context.stateFolder)
    }

    /// Writes down, before the server is started, that the timeline that the restore began is undone: a journal that connects
    /// to the server must know that it is the one of before. Gives why it could not be.
    private func endTimeline(of journal: InPlaceJournal) async -> RecoveryError? {
        guard let record = journal.rewind?.record else { return nil }
        let repository = context.repository
        let timelines = TimelineStore(
            store: repository.store, repositoryID: repository.config.id, key: repository.key, source: source.name)
        do {
            // Where the restore was ended before it could tell of its timeline there may be none, or somebody else's.
            guard var there = try await timelines.tree().record(record.timeline) else { return nil }
            there.undone = nil
            if there == record { try await timelines.undo(record.timeline, time: context.now().rfc3339) }
            return nil
        } catch {
            return RecoveryError(
                .restorePending, "what was live is live again, and the store could not be told of it",
                subject: source.name,
                hint:
                    "run the same command again when the store answers: else the journal takes the server for another one",
                cause: error)
        }
    }

    /// Accepts the restore: removes what was set aside. Gives the paths that went.
    @discardableResult
    public func dropAside() async throws -> [String] {
        let lock = try lock()
        defer { lock.release() }
        let journal = try journal()
        guard journal.step == .finished else {
            throw RecoveryError(
                .restorePending, "the restore of \(source.name) is not finished", subject: journal.step.rawValue,
                hint: "run it again to go on, or take it back with --undo")
        }
        let paths = journal.exchanges.map(\.aside).filter { Exchange.exists($0) }
        await Workspace.remove(paths + paths.map { $0 + ".complete" })
        let left = paths.filter { Exchange.exists($0) }
        guard left.isEmpty else {
            throw RecoveryError(
                .systemFailed, "what was set aside could not be removed", subject: left.joined(separator: ", "))
        }
        try await context.recorder.record("restore", RestoreEvent(journal, target: "in-place", outcome: "accepted"))
        try journal.remove(context.stateFolder)
        return paths
    }

    private func lock() throws -> FileLock {
        try FileLock(
            folder: context.stateFolder, name: "in-place-\(source.name)", what: "a restore of \(source.name) in place")
    }

    private func journal() throws -> InPlaceJournal {
        guard let journal = try InPlaceJournal.read(context.stateFolder, source: source.name) else {
            throw RecoveryError(
                .nothingPending, "no restore of \(source.name) in place is pending here", subject: context.stateFolder,
                hint: "--undo and --drop-aside follow a restore with --in-place on the same machine")
        }
        return journal
    }
}
