import DataSources

/// What it takes to bring rows of a copy back into a live table.
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
            guard !row.key.contains(nil), known.insert(row.key).inserted else {
                let names = shape.key.map { shape.columns[$0].name }.joined(separator: ", ")
                throw RecoveryError(
                    .notConfigured, "\(names) does not tell the rows apart", subject: place,
                    hint: "name the columns that do: --key COLUMN, once for each")
            }
            return row
        }
    }

    /// Compares; pure. `others` are rows of live that have a key of the copy's, though the condition does not fit them.
    init(copy: [Row], live: [Row], others: [Row]) {
        let present = Dictionary((live + others).map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        let wanted = Set(copy.map(\.key))
        for row in copy {
            if let now = present[row.key] {
                if now.values != row.values { updated.append((now, row)) }
            } else {
                inserted.append(row)
            }
        }
        liveOnly = live.filter { !wanted.contains($0.key) }
    }

    /// Rows of the copy that come back.
    var broughtBack: [Row] { inserted + updated.map(\.copy) }
}
