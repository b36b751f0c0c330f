/// A live database that can be asked, by the source's own account.
public protocol QueriedSource: DataSource {
    /// Runs statements that read, in a session or transaction that is read-only, and gives their rows, NULL as nil.
    ///
    /// - Throws: `SourceError` with the server's own message.
    func query(_ sql: String, database: String?) async throws -> [[String?]]
}

extension MariaDBSource: QueriedSource {
    public func query(_ sql: String, database: String?) async throws -> [[String?]] {
        try await connected { server, _ in
            try await server.client.query(
                "SET SESSION TRANSACTION READ ONLY;\n" + sql, database: database, timeout: nil)
        }
    }
}

extension PostgreSQLSource: QueriedSource {
    public func query(_ sql: String, database: String?) async throws -> [[String?]] {
        let server = try await PostgreSQLServer.reach(settings, environment)
        // All of one call is one transaction.
        return try await server.client.rows("SET transaction_read_only = on;\n" + sql, database: database)
    }
}
