/// A live database that can be asked, with the account that its backup has.
public protocol LiveDatabase: DataSource {
    /// Runs a query and gives its rows, NULL as nil. `database` is the one to use; nil for the engine's default.
    ///
    /// - Throws: `SourceError`: `serverUnreachable`, `accessDenied`, `checkFailed` where the server refuses the query.
    func ask(_ sql: String, database: String?) async throws -> [[String?]]
}

extension MariaDBSource: LiveDatabase {}

extension PostgreSQLSource: LiveDatabase {
    /// See `LiveDatabase`. It cannot write: every transaction of the session is read-only.
    public func ask(_ sql: String, database: String?) async throws -> [[String?]] {
        let server = try await PostgreSQLServer.reach(settings, environment)
        var client = server.client.variables
        client["PGOPTIONS"] = "-c default_transaction_read_only=on"
        return try await server.client.rows(sql, database: database, timeout: .seconds(600), variables: client)
    }
}
