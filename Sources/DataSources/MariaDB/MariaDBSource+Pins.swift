extension MariaDBSource: PinnedSource {
    /// Counts and hashes tables of the live server as they are at one position, which is told: all in one read-only
    /// transaction with a consistent snapshot. The smallest come first; what the budget has no room for is left out, and a
    /// query that runs beyond it is ended by the server.
    ///
    /// - Parameters:
    ///   - tables: `database.table`; empty for all but the system's own.
    ///   - budget: time for all tables together.
    /// - Throws: `serverUnreachable`, `accessDenied`; `suspectContent` when a table of `tables` is not there, or cannot be seen.
    public func pins(
        tables wanted: [String], budget: Duration
    ) async throws -> (position: SourcePosition, pins: [TablePin], leftOut: [String]) {
        try await connected { server, _ in
            let tables = try await RowHash.tables(server.client, wanted: wanted)
            if let missing = wanted.first(where: { name in !tables.contains { $0.fullName == name } }) {
                throw SourceError(
                    .suspectContent, "there is no table \(missing), or the account does not see it", subject: subject)
            }
            let said = SaidLines()
            let script = MariaDBSource.script(tables, budget: budget, hasBinaryLog: server.hasBinaryLog)
            let rows = try await server.client.query(
                script, continues: true, timeout: budget + .seconds(60), said: said)
            guard let first = rows.first, first.count == 3 else {
                throw SourceError(
                    .malformedStream, "the server says no position: \(said.text)", subject: subject)
            }
            var position = SourcePosition()
            position.binlogFile = first[0]
            position.binlogOffset = first[1].flatMap { UInt64($0) }
            position.gtid = first[2]
            let pins = rows.dropFirst().compactMap { RowHash.pin($0, of: tables) }
            let found = Set(pins.map { "\($0.database).\($0.table)" })
            return (position, pins, tables.map(\.fullName).filter { !found.contains($0) })
        }
    }

    /// The server itself keeps the time: each statement gets what is left of it.
    private static func script(_ tables: [RowHash.Table], budget: Duration, hasBinaryLog: Bool) -> String {
        let seconds = Double(budget.components.seconds) + Double(budget.components.attoseconds) / 1e18
        let status = { (name: String) in
            "(SELECT variable_value FROM information_schema.session_status WHERE variable_name = '\(name)')"
        }
        var script =
            RowHash.session + """
                SET @lifeboat_end = UNIX_TIMESTAMP(SYSDATE(6)) + \(seconds);
                START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY;

                """
        if hasBinaryLog {
            script += """
                SET @lifeboat_file = \(status("BINLOG_SNAPSHOT_FILE")),
                @lifeboat_offset = CAST(\(status("BINLOG_SNAPSHOT_POSITION")) AS UNSIGNED);
                SELECT @lifeboat_file, @lifeboat_offset, BINLOG_GTID_POS(@lifeboat_file, @lifeboat_offset);

                """
        } else {
            script += "SELECT NULL, NULL, NULL;\n"
        }
        for (index, table) in tables.enumerated() {
            // 0 would mean without end.
            script += """
                SET SESSION max_statement_time = GREATEST(0.001, @lifeboat_end - UNIX_TIMESTAMP(SYSDATE(6)));
                \(RowHash.query(table, index: index))
                """
        }
        return script + "SET SESSION max_statement_time = 0;\nCOMMIT;\n"
    }
}

extension MariaDBSource {
    /// Asks the live server; NULL as nil. For assertions that compare a restored server with it.
    public func ask(_ sql: String, database: String? = nil) async throws -> [[String?]] {
        try await connected { server, _ in try await server.client.query(sql, database: database) }
    }
}
