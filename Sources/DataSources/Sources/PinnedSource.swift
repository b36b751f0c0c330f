/// A database whose live content can be counted, so that a restore has something to be compared with.
public protocol PinnedSource: DataSource {
    /// Counts and hashes tables in one read-only transaction with a consistent snapshot, smallest first, until `budget` is
    /// used up.
    ///
    /// - Parameter tables: `database.table` (PostgreSQL: `database.schema.table`); empty for all.
    /// - Throws: `SourceError`, when not even a position can be had.
    func countPins(tables: [String], budget: Duration) async throws -> CountedPins
}

/// What a database's tables were at a position.
public struct CountedPins: Sendable, Hashable {
    /// Where the database stood.
    public var position: SourcePosition
    /// One entry a table, method `rows`.
    public var pins: [TablePin]
    /// Tables that the budget did not reach.
    public var leftOut: [String]

    /// Describes a count.
    public init(position: SourcePosition, pins: [TablePin], leftOut: [String]) {
        self.position = position
        self.pins = pins
        self.leftOut = leftOut
    }
}
