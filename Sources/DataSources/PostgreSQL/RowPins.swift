import ObjectStore

extension PostgreSQLSource: PinnedSource {
    /// Counts and hashes tables of the live server, smallest first, each database in one read-only transaction with its place
    /// in the log, until `budget` is used up.
    ///
    /// - Parameter tables: `database.schema.table` or patterns with `*`; empty for all.
    /// - Returns: where the log stood (`startLSN` equals `endLSN` when the moment is exact, see `SnapshotMoment`), the pins,
    ///   and the tables that there was no time for.
    public func pins(
        tables: [String], budget: Duration
    ) async throws -> (position: SourcePosition, pins: [TablePin], leftOut: [String]) {
        let server = try await PostgreSQLServer.reach(settings, environment)
        let wanted = settings.databases
        let databases = try await server.client.rows(
            "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname"
        ).compactMap { $0[0] }.filter { wanted.isEmpty || wanted.contains($0) }
        let runner = ToolRunner()
        let lane = BlockingLane(name: "pins", threadCount: 1)
        return try await withTaskCancellationHandler {
            try await lane.run {
                let end = ContinuousClock.now + budget
                var position = SourcePosition()
                var pins = [TablePin]()
                var leftOut = [String]()
                for database in databases {
                    try PostgreSQLSession.run(server.client, database: database, on: runner) { session in
                        let all = try RowPins.tables(session).filter { table in
                            tables.isEmpty
                                || tables.contains { RowPins.fits("\(database).\(table.schema).\(table.table)", $0) }
                        }
                        if all.isEmpty { return }
                        try position.merge(SnapshotMoment(session, isStandby: server.isStandby), of: server)
                        for table in all {
                            if let pin = try RowPins.pin(table, of: database, session, until: end) {
                                pins.append(pin)
                            } else {
                                leftOut.append("\(database).\(table.schema).\(table.table)")
                            }
                        }
                    }
                }
                return (position, pins, leftOut)
            }
        } onCancel: {
            runner.cancel()
        }
    }
}

/// Counting and hashing tables by SQL.
enum RowPins {
    /// All tables that hold rows themselves, smallest first.
    static func tables(_ session: PostgreSQLSession) throws -> [DumpTable] {
        try session.ask(
            """
            SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
            ORDER BY c.relpages, 1, 2
            """
        ).map { DumpTable(schema: $0[0] ?? "", table: $0[1] ?? "") }
    }

    /// Counts the rows and adds up the halves of their MD5, so that their order does not matter and two equal rows do not
    /// cancel each other out. The settings fix how values are written.
    static func query(_ table: DumpTable) -> String {
        """
        SELECT count(*), coalesce(sum(('x' || left(h, 16))::bit(64)::bigint::numeric), 0)::text || ':' ||
        coalesce(sum(('x' || right(h, 16))::bit(64)::bigint::numeric), 0)::text
        FROM (SELECT md5(t::text) AS h FROM ONLY \(sqlName(table.schema)).\(sqlName(table.table)) t) rows
        """
    }

    /// Settings of a session in which `query` gives the same on any server.
    static let settings = [
        "SET TimeZone = 'UTC'", "SET DateStyle = 'ISO, YMD'", "SET IntervalStyle = 'postgres'",
        "SET extra_float_digits = 1",
        "SET bytea_output = 'hex'", "SET xmloption = 'content'", "SET lc_monetary = 'C'", "SET row_security = off",
        "SET client_encoding = 'UTF8'",
    ]

    /// Pins a table; nil when there is no time left for it.
    static func pin(
        _ table: DumpTable, of database: String, _ session: PostgreSQLSession, until end: ContinuousClock.Instant?
    ) throws -> TablePin? {
        if let end {
            let left = (end - .now) / .milliseconds(1)
            guard left >= 1 else { return nil }
            try session.ask("SET LOCAL statement_timeout = \(Int(min(left, 2_000_000_000)))")
        }
        for setting in settings { try session.ask(setting.replacing("SET ", with: "SET LOCAL ", maxReplacements: 1)) }
        try session.ask("SAVEPOINT pin")
        do {
            guard let row = try session.ask(query(table)).first, row.count == 2,
                let count = row[0].flatMap({ UInt64($0) }),
                let hash = row[1]
            else { throw SourceError(.malformedStream, "a table could not be counted", subject: table.table) }
            return TablePin(
                database: "\(database).\(table.schema)", table: table.table, rowCount: count, hash: hash, method: "rows"
            )
        } catch let error as QueryError where error.state == "57014" && end != nil {
            try session.ask("ROLLBACK TO SAVEPOINT pin")
            return nil
        } catch let error as QueryError {
            throw SourceError(
                error.state == "42501" ? .accessDenied : .failed, "a table could not be counted: \(error.message)",
                subject: "\(database).\(table.schema).\(table.table)",
                hint: error.state == "42501" ? "GRANT pg_read_all_data to the backup account" : "")
        }
    }

    /// Does a name fit a pattern in which `*` stands for anything?
    static func fits(_ name: String, _ pattern: String) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
        guard parts.count > 1 else { return name == pattern }
        guard name.hasPrefix(parts[0]), name.utf8.count >= parts[0].utf8.count else { return false }
        var rest = name.dropFirst(parts[0].count)
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let found = rest.firstRange(of: part) else { return false }
            rest = rest[found.upperBound...]
        }
        return rest.hasSuffix(parts[parts.count - 1])
    }
}
