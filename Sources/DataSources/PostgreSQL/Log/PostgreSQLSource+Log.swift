extension PostgreSQLSource: LogSource {
    /// Asks where the log stands; `position` is an LSN, up to which the server has flushed. The oldest file is known only to
    /// accounts with `pg_monitor`.
    public func logState() async throws -> LogState {
        let server = try await PostgreSQLServer.reach(settings, environment)
        let place = try await WALPlace.current(server)
        let offset = (place.lsn.byteCount - 1) % server.segmentByteCount + 1
        var state = LogState(
            server: "\(server.systemIdentifier)/\(place.timeline)", oldestFile: try await oldestFile(server),
            currentFile: "\(place.file(server))", currentOffset: offset, position: "\(place.lsn)")
        if place.timeline > 1 { state.historyFile = "\(WALFileName.history(timeline: place.timeline))" }
        return state
    }

    /// Runs `pg_receivewal`, see `LogSource`. Its replication slot is named after the source and made where it is missing. A server
    /// that is promoted goes on sending: what remains of the old timeline's last segment stays incomplete, then come the history
    /// of the new timeline and its segments.
    ///
    /// It flushes what comes at once and tells the server, by the name of the slot: named in `synchronous_standby_names`, it is
    /// waited for by each commit.
    public func follow(first: String?, into folder: String) async throws {
        let server = try await PostgreSQLServer.reach(settings, environment)
        _ = try await server.checkTool("pg_receivewal")
        let slot = WALSlot(source: name)
        try await slot.prepare(server)
        let (segment, first) = try await beginning(first, server)
        try WALFolder(path: folder).begin(segment: segment, first: first)
        var command = server.client.command(
            "pg_receivewal", ["-D", folder, "--slot=\(slot.name)", "--synchronous", "--no-loop"])
        command.variables["PGAPPNAME"] = slot.name
        command.report = environment.report
        do {
            _ = try await command.run()
        } catch {
            // That we ended it says nothing about the server.
            try Task.checkCancellation()
            throw (error as? SourceError).map { explained($0, segment, server) } ?? error
        }
        try Task.checkCancellation()
        throw SourceError(.toolFailed, "pg_receivewal ended by itself", subject: server.client.name)
    }

    /// The log files in a folder of `follow`; histories of timelines that began after the first file are among them.
    public func logFiles(in folder: String) throws -> [LogFile] { try WALFolder(path: folder).files() }

    /// A reader of a segment or a history. It tells no times: WAL has the stamps of commits only. Segments want
    /// at least 16 KiB at once, where the file has so many. What is to be kept is best read again after the reader has said how far
    /// it is valid, since pg_receivewal may have been writing while the first look went over the pages.
    public func logReader(file: String, position: String) -> any LogReader {
        WALFileName(file)?.isSegment == false
            ? WALHistoryReader(position: position) : WALReader(file: file, position: position)
    }

    private func oldestFile(_ server: PostgreSQLServer) async throws -> String? {
        do {
            return try await server.client.value(
                "SELECT min(name) FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'")
        } catch let error as SourceError where error.code == .accessDenied {
            return nil
        }
    }

    /// The segment to begin with, and the first file that counts.
    private func beginning(
        _ first: String?, _ server: PostgreSQLServer
    ) async throws -> (segment: WALFileName, first: WALFileName) {
        guard let first else {
            let place = try await WALPlace.current(server)
            let segment = place.file(server)
            return (segment, place.timeline > 1 ? .history(timeline: place.timeline) : segment)
        }
        guard let name = WALFileName(first) else {
            throw SourceError(.invalidSetting, "that is no name of a WAL file", subject: first)
        }
        guard case .history(let timeline) = name else { return (name, name) }
        let history = try await WALPlace.history(of: timeline, server)
        guard let branch = history.entries.last else { return (name, name) }
        let segment = WALFileName(
            at: branch.end, timeline: timeline, segmentByteCount: server.segmentByteCount)
        return (segment, name)
    }

    private func explained(_ error: SourceError, _ segment: WALFileName, _ server: PostgreSQLServer) -> SourceError {
        let lost = [
            "has already been removed", "not in this server's history", "ahead of the WAL flush position",
            "is not present in the server",
        ]
        if error.code == .toolFailed, lost.contains(where: error.hint.contains) {
            return SourceError(
                .suspectContent, "the server cannot send its log from \(segment) on", subject: server.client.name,
                hint: error.hint, cause: error)
        }
        let gone = ["pg_receivewal: error: disconnected", "unexpected termination of replication stream"]
        let known = PostgreSQLClient.explained(error, server: server.client.name)
        if known.code == .toolFailed, gone.contains(where: known.hint.contains) {
            return SourceError(
                .serverUnreachable, known.message, subject: server.client.name, hint: known.hint, cause: error)
        }
        return known
    }
}
