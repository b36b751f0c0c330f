import DataSources
import Glibc
import Journal
import ObjectStore
import Sealing
import Trees

/// Archives what was cut: segments, beginnings of timelines, closings, in the order in which they come.
actor JournalUploader {
    let source: ProtectedSource
    let settings: JournalSettings
    let context: RecoveryContext
    let journal: SourceJournal
    let board: JournalBoard
    let lane = BlockingLane(name: "journal-store", threadCount: 1)
    private var live: TimelineRecord?
    /// Timelines of restores that were taken back.
    let undone: [TimelineRecord]
    private var writer: JournalWriter?
    private(set) var closer: ClosingSchedule
    /// Spool folders that nobody writes to any more and whose closed files may still be wanted.
    private var drained: [SpoolFolder] = []

    /// Asks the store where the journal stands.
    ///
    /// - Throws: `StoreError`; `JournalError` when nobody can go on from what is there.
    init(
        _ source: ProtectedSource, _ settings: JournalSettings, _ context: RecoveryContext, _ journal: SourceJournal,
        _ board: JournalBoard
    ) async throws {
        (self.source, self.settings, self.context, self.journal, self.board) = (
            source, settings, context, journal, board
        )
        let tree = try await TimelineStore(journal).tree()
        let live = tree.live
        undone = tree.records.filter { $0.undone != nil }
        self.live = live
        closer = ClosingSchedule(settings)
        guard let live else { return }
        let writer = JournalWriter(journal, timeline: live.timeline)
        let tail = try await writer.mend()
        self.writer = writer
        closer.resume(live.timeline, at: tail.number, now: context.now())
        board.change { $0.timeline = live.timeline }
        if let last = tail.last { board.archived(last) }
        start = tail.last.map { LogCursor($0) }
        isTailLost = tail.isLost
        if !tail.damages.isEmpty { await tell(of: tail, live) }
    }

    /// Where the journal stood when this began; nil when the newest timeline has no segments.
    private(set) var start: LogCursor?
    /// Log was archived of the newest timeline, and nobody knows up to where.
    private(set) var isTailLost = false

    /// The newest timeline: the store is asked, since a rewind may have begun one; what is known here when it cannot be.
    func newest() async -> (live: TimelineRecord?, isEmpty: Bool, isResumed: Bool) {
        // What cannot be read now is told by the next upload.
        let stored = try? await TimelineStore(journal).tree().live
        let newest = stored ?? live
        let isResumed = (newest?.timeline ?? 0) < (live?.timeline ?? 0)
        return (newest, newest?.timeline != live?.timeline, isResumed)
    }

    /// Does one step. After an error the same step is to be done again.
    func perform(_ step: JournalStep, isRetry: Bool) async throws {
        switch step {
        case .begin(let start, let folder): try await begin(start, folder)
        case .piece(let piece): try await archive(piece, isRetry: isRetry)
        case .gap(let reason): await tell(reason)
        case .drained(let folder):
            drained.append(folder)
            try await removeDrained()
        case .close(let closing): try await close(closing)
        }
    }

    // MARK: Segments

    private func archive(_ piece: LogPiece, isRetry: Bool) async throws {
        guard let writer else { preconditionFailure("a timeline begins before its first segment") }
        let known = isRetry ? try await intactTail(of: writer).last : nil
        if let known, LogCursor(known) == LogCursor(piece.header) {
            // It had arrived, only its answer had not. Its number is found when it is closed.
            closer.forget()
            board.archived(piece.header)
            return
        }
        var header = piece.header
        header.written = context.now().rfc3339
        let bytes = try await lane.run { [header] in
            try piece.file.read(at: header.offset, count: Int(header.byteCount))
        }
        guard bytes.count == Int(header.byteCount) else {
            throw RecoveryError(
                .systemFailed, "a spooled log file became shorter", subject: piece.file.path,
                hint: "the bytes behind \(header.offset) are lost here; restart the journal to fetch them again")
        }
        let tail = try await writer.append(header, bytes)
        closer.archived(tail.number, tail.digest, header, path: piece.path, now: context.now())
        board.archived(header)
    }

    private func tell(_ reason: String) async {
        board.alarm("\(reason): moments in it cannot be restored to; a new base is needed")
        board.setBaseDue(reason)
        await board.record(
            JournalEvent(
                action: "gap", source: source.name, timeline: live?.timeline ?? 0, server: live?.server, reason: reason,
                isBaseDue: true))
    }

    // MARK: Timelines

    private func begin(_ start: TimelineStart, _ folder: SpoolFolder) async throws {
        try await lane.run { [context, source] in
            for older in try SpoolFolder.all(in: context.spoolFolder(source.name)) where older.number < folder.number {
                try older.remove()
            }
        }
        drained = []
        let tree = try await TimelineStore(journal).tree()
        let record = try await adopted(start, tree)
        if record == nil { try await write(start, after: tree.live) } else { live = record }
        guard let live else { preconditionFailure("there is a timeline by now") }
        let writer = JournalWriter(journal, timeline: live.timeline)
        closer.resume(live.timeline, at: try await writer.resume().number, now: context.now())
        self.writer = writer
        board.change { $0.timeline = live.timeline }
        try await lane.run { try folder.settle() }
    }

    /// The newest timeline, when it waits for this very server: a rewind has begun it, or we had, and were ended.
    private func adopted(_ start: TimelineStart, _ tree: TimelineTree) async throws -> TimelineRecord? {
        guard let newest = tree.live, newest.server == start.server else { return nil }
        return try await JournalWriter(journal, timeline: newest.timeline).resume().number == 0 ? newest : nil
    }

    private func write(_ start: TimelineStart, after parent: TimelineRecord?) async throws {
        let record = TimelineRecord(
            timeline: (parent?.timeline ?? 0) + 1, parent: parent?.timeline, branch: nil, branchPosition: nil,
            reason: parent == nil ? .first : start.reason, created: context.now().rfc3339, server: start.server,
            point: nil)
        try await TimelineStore(journal).write(record)
        live = record
        let why =
            switch record.reason {
            case .first, .rewind: "the journal begins"
            case .serverBehind: "the server is behind what was archived: it was restored without lifeboat"
            case .serverDifferent: "the server has another log than what was archived: it is another one"
            }
        let text = "timeline \(record.timeline) has begun: \(why)"
        if record.reason == .first { board.report(text) } else { board.alarm("\(text); a new base is needed") }
        board.setBaseDue(text)
        await board.record(
            JournalEvent(
                action: "timeline", source: source.name, timeline: record.timeline, server: record.server,
                reason: record.reason.rawValue, isBaseDue: true))
    }

    // MARK: Closed files

    /// What a closing would have to do now; nil when none is due.
    func dueClosing() -> ClosingJob? { closer.due(now: context.now()) }

    /// The job failed, and is due again later.
    func closingFailed() { closer.postpone(now: context.now()) }

    /// There was nothing to close.
    func closingWasEmpty() { closer.idle() }

    private func close(_ prepared: PreparedClosing) async throws {
        guard let writer, let live, prepared.timeline == live.timeline else {
            // Another timeline has begun meanwhile; the segments stay.
            return closer.idle()
        }
        var closing = prepared.closing
        if let tail = try await intactTail(of: writer).last { closing.tail = tail }
        _ = try await writer.close(closing)
        closer.closed(prepared, now: context.now())
        do {
            try await writer.discard(closing)
        } catch {
            // They are found and discarded when the chain is read again.
            board.report("closed segments could not be deleted: \(PointPart.Failure(error).message)")
            closer.forget()
        }
        await lane.run { for path in prepared.paths { unlink(path) } }
        try await removeDrained()
    }

    private func removeDrained() async throws {
        let wanted = closer.paths
        let folders = drained.filter { folder in !wanted.contains { $0.hasPrefix(folder.path + "/") } }
        try await lane.run { for folder in folders { try folder.remove() } }
        drained.removeAll { folder in folders.contains { $0.path == folder.path } }
    }
}

extension RecoveryContext {
    /// Where the log of a source waits to be archived.
    func spoolFolder(_ source: String) -> String { "\(stateFolder)/journal-\(source)" }
}
