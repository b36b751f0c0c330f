import ObjectStore

/// Counts tables of a private server as they were counted when they were pinned.
struct ScratchPins: Sendable {
    private let client: PostgreSQLClient

    init(_ client: PostgreSQLClient) { self.client = client }

    /// Pins of exactly these tables; a table that is gone is left out.
    func pins(like expected: [TablePin]) async throws -> [TablePin] {
        let databases = try await client.rows("SELECT datname FROM pg_database WHERE datallowconn").compactMap { $0[0] }
        let runner = ToolRunner()
        let lane = BlockingLane(name: "pins", threadCount: 1)
        return try await withTaskCancellationHandler {
            try await lane.run {
                var found = [TablePin]()
                for database in databases { found += try pins(of: database, expected, runner) }
                let byName = Dictionary(found.map { ([$0.database, $0.table, $0.method], $0) }) { first, _ in first }
                return expected.compactMap { byName[[$0.database, $0.table, $0.method]] }
            }
        } onCancel: {
            runner.cancel()
        }
    }

    private func pins(of database: String, _ expected: [TablePin], _ runner: ToolRunner) throws -> [TablePin] {
        var found = [TablePin]()
        let own = expected.filter { $0.database.hasPrefix("\(database).") }
        if own.contains(where: { $0.method == "dump-sha256" }) {
            let pins = DumpPins(database: database)
            try runner.run(client.command("pg_dump", database: database, [])) { output in
                try PostgreSQLDumpSplitter(pins, subject: "pg_dump of \(database)").read { try output.read(into: $0) }
            }
            found += pins.pins
        }
        let rows = Set(own.filter { $0.method == "rows" }.map { "\($0.database).\($0.table)" })
        if rows.isEmpty { return found }
        return try PostgreSQLSession.run(client, database: database, on: runner) { session in
            for table in try RowPins.tables(session) where rows.contains("\(database).\(table.schema).\(table.table)") {
                try session.ask("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                if let pin = try RowPins.pin(table, of: database, session, until: nil) { found.append(pin) }
                try session.ask("ROLLBACK")
            }
            return found
        }
    }
}
