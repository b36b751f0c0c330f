import DataSources

/// What it takes to bring rows of a copy back into a live table: of all of it, or of some of its rows.
struct TableDiff: Sendable {
    /// A row: its values, and what tells it apart.
    struct Row: Sendable, Hashable {
        let values: [String?]
        let key: [String?]
    }

    /// Rows that live lacks.
    var inserted: [Row] = []
    /// Rows that differ: as live has them, and as the copy does.
    var updated: [(live: Row, copy: Row)] = []
    /// Rows that only live has.
    var liveOnly: [Row] = []

    /// Rows from an answer, each told apart from the others.
    ///
    /// - Throws: `notConfigured` when the key does not tell rows apart, or is NULL.
    static func rows(_ answer: [[String?]], _ shape: TableShape, place: String) throws -> [Row] {
        var known = Set<[String?]>()
        return try answer.map { columns in
            guard columns.count == shape.columns.count + shape.key.count else {
                throw RecoveryError(
                    .contentDiffers, "a row has \(columns.count) columns where others were asked for", subject: place)
            }
            let row = Row(
                values: Array(columns.prefix(shape.columns.count)), key: Array(columns.dropFirst(shape.columns.count)))
            guard !row.key.contains(nil), known.insert(row.key).inserted else { throw ambiguous(shape, place: place) }
            return row
        }
    }

    /// The key does not tell rows apart.
    static func ambiguous(_ shape: TableShape, place: String) -> RecoveryError {
        let names = shape.key.map { shape.columns[$0].name }.joined(separator: ", ")
        return RecoveryError(
            .notConfigured, "\(names) does not tell the rows apart", subject: place,
            hint: "name the columns that do: --key COLUMN, once for each")
    }

    /// Rows of the copy that come back.
    var broughtBack: [Row] { inserted + updated.map(\.copy) }
}

/// Rows of the copy that follow each other in the key's order, while the live ones of the same range pass by. Pure.
struct DiffWindow: Sendable {
    private let rows: [TableDiff.Row]
    private let places: [[String?]: Int]
    private var isMissing: [Bool]

    init(_ rows: [TableDiff.Row]) {
        self.rows = rows
        places = Dictionary(zip(rows.map(\.key), rows.indices), uniquingKeysWith: { first, _ in first })
        isMissing = Array(repeating: true, count: rows.count)
    }

    /// What is to be done about some live rows. A row that was seen already is not compared again.
    mutating func compare(_ live: [TableDiff.Row]) -> TableDiff {
        var diff = TableDiff()
        for row in live {
            guard let place = places[row.key] else {
                diff.liveOnly.append(row)
                continue
            }
            if isMissing[place], rows[place].values != row.values { diff.updated.append((row, rows[place])) }
            isMissing[place] = false
        }
        return diff
    }

    /// Rows of the copy that no live one was seen of.
    var missing: [TableDiff.Row] { rows.indices.filter { isMissing[$0] }.map { rows[$0] } }
}
