/// Where a server's log stands, as its replication protocol says it.
///
/// Source: PostgreSQL documentation, 55.4 "Streaming Replication Protocol".
struct WALPlace {
    let timeline: UInt32
    let lsn: LSN

    /// Asks for the place up to which the log is flushed: no more is sent.
    static func current(_ server: PostgreSQLServer) async throws -> WALPlace {
        let fields = try await ask("IDENTIFY_SYSTEM", server).split(separator: "|", omittingEmptySubsequences: false)
        guard fields.count >= 3, let timeline = UInt32(fields[1]), let lsn = LSN(fields[2]), lsn.byteCount > 0 else {
            throw SourceError(
                .malformedStream, "the server did not say where its log stands", subject: server.client.name)
        }
        return WALPlace(timeline: timeline, lsn: lsn)
    }

    /// Asks for the history of a timeline.
    static func history(of timeline: UInt32, _ server: PostgreSQLServer) async throws -> TimelineHistory {
        let text = try await ask("TIMELINE_HISTORY \(timeline)", server)
        return try TimelineHistory(String(text.drop { $0 != "|" }.dropFirst()), subject: server.client.name)
    }

    /// The file that is written: the one with the last byte, as `pg_walfile_name` says it too.
    func file(_ server: PostgreSQLServer) -> WALFileName {
        WALFileName(
            at: LSN(byteCount: lsn.byteCount - 1), timeline: timeline, segmentByteCount: server.segmentByteCount)
    }

    private static func ask(_ question: String, _ server: PostgreSQLServer) async throws -> String {
        var command = server.client.command("psql", ["-qXAt", "-c", question])
        command.arguments += ["-d", "replication=true"]
        do {
            return try await command.text(timeout: .seconds(60))
        } catch let error as SourceError {
            throw PostgreSQLClient.explained(error, server: server.client.name)
        }
    }
}

/// What a `.history` file says: which timelines came before, and where each was left.
struct TimelineHistory: Hashable {
    struct Entry: Hashable {
        let timeline: UInt32
        /// The first byte that is not its own any more.
        let end: LSN
        let reason: String
    }

    /// Oldest first; the last is the parent.
    let entries: [Entry]

    /// Reads lines of timeline, LSN and reason, separated by tabulators.
    init(_ text: String, subject: String) throws {
        entries = try text.split(whereSeparator: \.isNewline).filter { !$0.hasPrefix("#") }.map { line in
            let fields = line.split(separator: "\t", maxSplits: 2)
            guard fields.count >= 2, let timeline = UInt32(fields[0]), let end = LSN(fields[1]) else {
                throw SourceError(
                    .malformedStream, "a line of a timeline's history cannot be read: \(line)", subject: subject)
            }
            return Entry(timeline: timeline, end: end, reason: fields.count > 2 ? String(fields[2]) : "")
        }
    }
}
