/// Where the log stood when a transaction took its snapshot.
struct SnapshotMoment {
    /// Attempts to find a moment in which nobody writes.
    private static let attempts = 20

    /// Everything that was written before this is seen, unless it was just being committed.
    let before: LSN
    /// Nothing that was written behind this is seen.
    let after: LSN
    /// The snapshot is exactly what a replay up to `after` gives: the log did not grow meanwhile, and no transaction that
    /// writes was open.
    let isExact: Bool
    let timeline: UInt32?

    /// Begins a read-only transaction in the session whose snapshot is this moment. On a quiet server the moment is exact; on a
    /// busy one a few attempts are made, then it is a stretch of the log.
    init(_ session: PostgreSQLSession, isStandby: Bool) throws {
        let place = isStandby ? "pg_last_wal_replay_lsn()" : "pg_current_wal_insert_lsn()"
        var attempt = 1
        while true {
            let before = try SnapshotMoment.lsn(session.ask("SELECT \(place)"))
            try session.ask("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            let row = try session.ask(
                """
                SELECT \(place), pg_snapshot_xmin(s) = pg_snapshot_xmax(s), (SELECT timeline_id FROM pg_control_checkpoint())
                FROM pg_current_snapshot() s
                """)
            let after = try SnapshotMoment.lsn(row)
            let isExact = before == after && row[0][1] == "t"
            if isExact || attempt == SnapshotMoment.attempts || isStandby {
                self.before = before
                self.after = after
                self.isExact = isExact && !isStandby
                timeline = row[0][2].flatMap { UInt32($0) }
                return
            }
            try session.ask("ROLLBACK")
            attempt += 1
        }
    }

    private static func lsn(_ rows: [[String?]]) throws -> LSN {
        guard let text = rows.first?.first ?? nil, let lsn = LSN(text) else {
            throw SourceError(.malformedStream, "the server did not say where its log stands", subject: "PostgreSQL")
        }
        return lsn
    }
}

extension SourcePosition {
    /// Takes in the moment of one more database: from the first to the last. `startLSN` is equal to `endLSN` when there is one
    /// moment and it is exact.
    mutating func merge(_ moment: SnapshotMoment, of server: PostgreSQLServer) {
        let from = moment.isExact ? moment.after : min(moment.before, LSN(byteCount: moment.after.byteCount - 1))
        let starts = [startLSN.flatMap { LSN($0) }, from].compactMap { $0 }
        let ends = [endLSN.flatMap { LSN($0) }, moment.after].compactMap { $0 }
        startLSN = starts.min()?.description
        endLSN = ends.max()?.description
        timeline = moment.timeline ?? timeline
        systemIdentifier = server.systemIdentifier
    }
}
