/// A database whose live content can be counted, so that a restore has something to be compared with.
public protocol PinnedSource: DataSource {
    /// Counts and hashes tables in one read-only transaction with a consistent snapshot, smallest first, until `budget` is
    /// used up.
    ///
    /// - Parameter tables: `database.table` (PostgreSQL: `database.schema.table`); empty for all.
    /// - Returns: where the database stood, a pin for each table (method `rows`), and tables that the budget did not reach.
    /// - Throws: `SourceError`, when not even a position can be had.
    func pins(
        tables: [String], budget: Duration
    ) async throws -> (position: SourcePosition, pins: [TablePin], leftOut: [String])
}
