import DataSources
import Journal
import Repository
import Trees

/// Puts a restored source in the place of the live one: built and questioned beside it, then stop, exchange, start. Each step is
/// in a journal on this machine, so the same command goes on after a kill; `undo` is the same exchange the other way.
public struct InPlaceRestore: Sendable {
    /// What would be done; printed before anybody is asked.
    public struct Outline: Sendable, Encodable {
        /// The source.
        public let source: String
        /// The point.
        public let point: String
        /// Paths that are exchanged.
        public let paths: [String]
        /// Where what is live now will lie.
        public let aside: [String]
        /// Bytes that are restored.
        public let byteCount: UInt64
        /// Processes that have files open there now.
        public let holders: [String]
        /// How the service is stopped and started; nil when nothing is.
        public let stop: String?
        /// See `stop`.
        public let start: String?
        /// Set when a restore that was interrupted goes on: the last step that was finished.
        public let resumesAfter: String?
        /// The option file that is changed; nil when none is.
        public let optionFile: String?
        /// What is done differently because of what the source is for; nil when nothing is.
        public let precaution: String?
    }

    let restore: PointRestore
    let source: ProtectedSource
    let context: RecoveryContext
    let rewind: Rewind?
    /// The restore of several sources that this is a part of; see `ClassedRestore`.
    public var service: String?
    /// Gets to ask a private server on the copy, before it takes its place. Not called when an earlier run has built it.
    public var asking: (@Sendable (ScratchCopy) async throws -> Void)?
    /// For a tree: what its rows name, and where to look for what the point lacks; gets what came of it.
    public var files: (restore: FilesRestore, rows: FileRows, outcome: @Sendable (FilesRestore.Outcome) -> Void)?
    /// Called when a step is finished and written down; for those who watch, and for tests that kill.
    let watch: @Sendable (String) -> Void

    /// A restore of `source` from a point, or, with a `rewind`, from one and the log behind it.
    public init(
        _ entry: PointEntry, source: ProtectedSource, in context: RecoveryContext, rewind: Rewind? = nil,
        watch: @escaping @Sendable (_ step: String) -> Void = { _ in }
    ) {
        restore = PointRestore(entry, in: context)
        self.source = source
        self.context = context
        self.rewind = rewind
        self.watch = watch
    }

    /// Looks, and changes nothing.
    ///
    /// - Throws: `pointIncomplete`, `pointBroken`; `restorePending` when another restore of this source is not ended;
    ///   `notConfigured` when the source has no place of its own.
    public func outline() async throws -> Outline {
        let part = try restore.part(source.name)
        try await refuseUnready()
        let pending = try pending()
        let exchanges = try pending?.exchanges ?? exchanges(id: "ID")
        return Outline(
            source: source.name, point: restore.entry.point.id, paths: exchanges.map(\.live),
            aside: exchanges.map(\.aside), byteCount: part.byteCount,
            holders: try holders(), stop: source.stop,
            start: staysStopped ? nil : source.start, resumesAfter: pending?.step.rawValue,
            optionFile: rewind == nil ? nil : source.optionFile,
            precaution: precaution)
    }

    /// Restores, or goes on where an earlier run was ended.
    ///
    /// - Parameter confirmation: the source's name, typed out.
    ///
    /// Gives what was erased and begun anew.
    @discardableResult
    public func run(confirmation: String) async throws -> Result {
        guard confirmation == source.name else {
            throw RecoveryError(
                .notConfirmed, "the name that was typed is not \(source.name)", subject: source.name,
                hint: "nothing was changed")
        }
        let lock = try FileLock(
            folder: context.stateFolder, name: "in-place-\(source.name)", what: "a restore of \(source.name) in place")
        defer { lock.release() }
        let part = try restore.part(source.name)
        try await refuseUnready()
        try await Handover(in: context).check(source, for: .production)
        if source.kind == .files { try await Handover(in: context).checkFiles(of: source.name) }
        var journal = try pending() ?? begin()
        if let service, journal.service != service {
            journal.service = service
            try journal.write(context.stateFolder)
        }
        if journal.step == .building {
            try await build(part, &journal)
            try finish(&journal, .verified)
        }
        if journal.step == .verified {
            try await awaitFlush(&journal)
            try await ServiceCommand.run(source.stop, "stop", in: context)
            try await OpenFiles.refuseHolders(of: try watchedPaths, source)
            try finish(&journal, .stopped)
        }
        if journal.step == .stopped {
            for exchange in journal.exchanges { try exchange.perform() }
            try finish(&journal, .exchanged)
        }
        if journal.step == .exchanged {
            try await recordTimeline(&journal)
            if !staysStopped {
                try await ServiceCommand.start(source, journal.exchanges, in: context)
                journal.reopened = context.now().rfc3339
                await askWhetherTaken(journal)
            }
            try finish(&journal, .finished)
        }
        try await context.recorder.record("restore", RestoreEvent(journal, target: "in-place", outcome: "finished"))
        return Result(handover: journal.handover, erasedFiles: journal.erasedFiles ?? [])
    }

    /// What was done before the copy took the place of the live one.
    public struct Result: Sendable {
        /// Of a database; nil for kinds of sources that have nothing of the sort.
        public let handover: Handover.Record?
        /// Of a file tree, one for each of its paths.
        public let erasedFiles: [ErasedFiles]
    }

    private func finish(_ journal: inout InPlaceJournal, _ step: InPlaceJournal.Step) throws {
        journal.step = step
        try journal.write(context.stateFolder)
        watch(step.rawValue)
    }

    /// The restore that is to be gone on with; nil when there is none.
    private func pending() throws -> InPlaceJournal? {
        guard let journal = try InPlaceJournal.read(context.stateFolder, source: source.name) else { return nil }
        let isSame = rewind == nil ? journal.point == restore.entry.point.id : journal.asked == rewind?.asked
        guard isSame, (journal.asked == nil) == (rewind == nil), journal.step != .finished, journal.step != .undoing
        else {
            let ended = journal.step == .finished
            throw RecoveryError(
                .restorePending,
                "a restore of \(source.name) from point \(journal.point) was \(ended ? "finished and is still" : "begun and not") \(ended ? "to be accepted" : "ended")",
                subject: journal.exchanges.first?.aside ?? "",
                hint: ended
                    ? "`lifeboat restore --drop-aside --source \(source.name)` accepts it, `--undo` takes it back"
                    : "run that restore again to go on, or take it back with `lifeboat restore --undo --source \(source.name)`"
            )
        }
        return journal
    }

    private func begin() throws -> InPlaceJournal {
        let id = String(PointStore.newID().prefix(8))
        let journal = InPlaceJournal(
            id: id, point: restore.entry.point.id, source: source.name, asked: rewind?.asked, service: service,
            started: context.now().rfc3339, exchanges: try exchanges(id: id))
        try journal.write(context.stateFolder)
        watch(InPlaceJournal.Step.building.rawValue)
        return journal
    }

    private func holders() throws -> [String] { OpenFiles.holders(of: try watchedPaths) }
}

/// What the ledger keeps of a restore.
struct RestoreEvent: Codable, Sendable {
    var point: String
    var sources: [String]
    var target: String
    var outcome: String
    var started: String
    var timeline: UInt32?
    var position: String?
    var handover: Handover.Record?
    var erasedFiles: [ErasedFiles]?
    var notApplied: [ErasuresNotApplied]?
    var finished: String?

    enum CodingKeys: String, CodingKey {
        case point, sources, target, outcome, started, timeline, position, handover, finished
        case erasedFiles = "erased_files"
        case notApplied = "erasures_not_applied"
    }

    init(
        point: String, sources: [String], target: String, outcome: String, started: String, timeline: UInt32? = nil,
        position: String? = nil
    ) {
        self.point = point
        self.sources = sources
        self.target = target
        self.outcome = outcome
        self.started = started
        self.timeline = timeline
        self.position = position
    }

    init(_ journal: InPlaceJournal, target: String, outcome: String) {
        self.init(
            point: journal.point, sources: [journal.source], target: target, outcome: outcome, started: journal.started,
            timeline: journal.rewind?.record.timeline,
            position: journal.rewind?.stop?.position ?? journal.rewind?.record.branchPosition)
        handover = journal.handover
        erasedFiles = journal.erasedFiles
        finished = journal.reopened
    }
}
