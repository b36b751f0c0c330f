import GRDB

/// A table that events are projected into. All rows of an event have the same owner: what it is about.
struct CatalogTable: Sendable, Hashable {
    let name: String
    /// The column that names the owner.
    let owner: String
    let columns: [String]

    let insertion: String

    init(name: String, owner: String, columns: [String]) {
        (self.name, self.owner, self.columns) = (name, owner, columns)
        let places = columns.map { _ in "?" }.joined(separator: ", ")
        insertion = "INSERT INTO \(name) (\(columns.joined(separator: ", "))) VALUES (\(places))"
    }

    var deletion: String { "DELETE FROM \(name) WHERE \(owner) = ?" }

    /// Tables of kinds that may tell of the same thing twice.
    static let byKind = ["backup": [runs, recoveryPoints], "drill": [tests, steps, reasons]]

    static let all = [
        runs, recoveryPoints, forgottenPoints, restores, verifications, tests, steps, reasons, alerts,
    ]
}

/// A row of one of them.
struct CatalogRow: Sendable, Hashable {
    let table: CatalogTable
    let values: [DatabaseValue]

    /// Columns stand in the order of the table.
    init(_ table: CatalogTable, _ values: KeyValuePairs<String, (any DatabaseValueConvertible)?>) {
        precondition(
            values.count == table.columns.count && zip(values, table.columns).allSatisfy { $0.key == $1 },
            "a row has the columns of \(table.name)")
        self.table = table
        self.values = values.map { $0.value?.databaseValue ?? .null }
    }
}

extension UInt64 {
    /// As SQLite holds it.
    var stored: Int64 { Int64(clamping: self) }
}
