import Glibc

extension PostgreSQLRestorer: LogReplayer {
    /// Finds the stop with pg_waldump, see `LogReplayer`. A position is an LSN, read as the *end* of a transaction or record (what
    /// `pg_current_wal_lsn` says after a commit), or `xid:N`. `through` an LSN stops at the first end of a record at or behind it.
    /// A time behind the newest stamp gives the end of the log, and one before the first stamp the place before it: whether base
    /// and log cover that time is for the caller to know.
    public func locate(_ target: LogTarget, in log: ReplayLog) async throws -> LogStop {
        let target = try WALTarget(target)
        return try await WALLocator(log, try WALDump(log, settings, environment)).locate(target)
    }

    /// Recovers a base up to `stop`, promotes it and stops it, see `LogReplayer`. The timeline that begins then is above every one
    /// in `serverNames`. `run` holds a copy of the log meanwhile.
    public func replay(_ log: ReplayLog, to stop: LogStop, data: String, run: String) async throws -> ReplayReport {
        try checkIsBase(data)
        guard let place = LSN(stop.position) else {
            throw SourceError(.invalidSetting, "that is no LSN", subject: stop.position)
        }
        let dump = try WALDump(log, settings, environment)
        let archive = dump.archive
        var recovery = WALRecovery(self, data: data, run: run)
        recovery.timeline = try target(archive, log.start.timeline)
        // Without a record to stop before, a target is never reached: the log just ends, and where is checked.
        if try await dump.record(atOrAfter: place) != nil { recovery.stop = place }
        let branch = try await recovery.perform { folder in
            try archive.lay(into: folder, account: nil)
            // The base's own copies of these files may go on where ours end.
            for segment in archive.segments { unlink("\(data)/pg_wal/\(segment.name)") }
        }
        guard branch.end == place else {
            throw SourceError(
                .checkFailed, "the replay ended at \(branch.end), not at \(place)", subject: data,
                hint: "the server said: \(branch.reason)")
        }
        let start = log.start.startLSN.flatMap { LSN($0) } ?? archive.begin
        return ReplayReport(
            transactionCount: nil, byteCount: place.byteCount - min(start, place).byteCount, position: "\(branch.end)")
    }

    /// Sees to it that the timeline is a new one: a base that was not replayed is recovered now, and a cluster whose timeline is
    /// among `serverNames` is promoted again, onto one above them. Slots are not in a base: `follow` makes its own anew.
    public func beginHistory(
        data: String, run: String, highest: [String], serverNames: [String]
    ) async throws -> NewHistory {
        var restorer = self
        restorer.serverNames += serverNames
        let before = try await ControlPlace.read(restorer, data: data)
        let isBase = FileTree.exists("\(data)/recovery.signal")
        if isBase || before.timeline <= restorer.highestTimeline(of: before.systemIdentifier) {
            if !isBase {
                try SmallFile.write("\(data)/recovery.signal", [])
                if let account { try FileTree.give("\(data)/recovery.signal", to: account) }
            }
            _ = try await WALRecovery(restorer, data: data, run: run).perform { try FileTree.makeFolder($0) }
        }
        let place = try await ControlPlace.read(restorer, data: data)
        return NewHistory(
            server: "\(place.systemIdentifier)/\(place.timeline)", optionLines: [], position: "\(place.lsn)")
    }

    /// The highest timeline of that cluster in `serverNames`; 0 when none is known.
    func highestTimeline(of systemIdentifier: String) -> UInt32 {
        serverNames.compactMap { name in
            let parts = name.split(separator: "/", omittingEmptySubsequences: false)
            return parts.count == 2 && parts[0] == systemIdentifier ? UInt32(parts[1]) : nil
        }.max() ?? 0
    }

    private func checkIsBase(_ data: String) throws {
        let isBase = ["recovery.signal", "backup_label"].allSatisfy { FileTree.exists("\(data)/\($0)") }
        if isBase { return }
        throw SourceError(
            .invalidSetting, "no log can be replayed on this data folder", subject: data,
            hint: "only a physical base that no server was started on can be brought forward; a logical one never can")
    }

    /// The timeline to recover on: nil for the base's own.
    private func target(_ archive: WALArchive, _ base: UInt32?) throws -> UInt32? {
        let timeline = archive.timeline
        if timeline == base ?? 1 { return nil }
        guard archive.histories[timeline] != nil else {
            throw SourceError(
                .checkFailed, "the log ends on timeline \(timeline), but its history is not there",
                subject: "\(WALFileName.history(timeline: timeline))")
        }
        return timeline
    }
}
