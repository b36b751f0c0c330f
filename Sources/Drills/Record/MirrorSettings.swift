public import DataSources

/// A table of a console's MariaDB that gets a row for each drill.
public struct MirrorSettings: Sendable {
    /// A column of ours and the one of theirs that it goes to.
    public struct Column: Sendable, Hashable {
        /// One of `DisasterRecoveryTest.columns`.
        public var ours: String
        /// Its name in the table.
        public var theirs: String

        /// A pair.
        public init(ours: String, theirs: String) {
            self.ours = ours
            self.theirs = theirs
        }
    }

    /// Where the server is, and the account.
    public var server: MariaDBSettings
    /// The table's database.
    public var database: String
    /// The table.
    public var table: String
    /// What goes where; `id` is among them.
    public var columns: [Column]

    /// A table.
    public init(server: MariaDBSettings, database: String, table: String, columns: [Column]) {
        self.server = server
        self.database = database
        self.table = table
        self.columns = columns
    }
}
