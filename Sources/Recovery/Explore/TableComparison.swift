import DataSources
import ObjectStore

/// Goes through a table of the copy window by window, beside the live server's rows of the same range of keys.
///
/// copy | ......10 000 rows..... | ......10 000 rows..... | ...the rest...
/// live | all up to the last key | all up to the last key | all behind, each in pages of as many rows
///
/// The engines' order of the keys makes the windows; whether two rows are the same is asked by their keys alone. So where the live
/// server sorts otherwise than the copy, a row that is not seen in its window is still found: what is missing is asked for by its key.
struct TableComparison {
    let dialect: RowDialect
    let condition: String?
    let windowRowCount: Int
    let copy: any ExploredServer
    let live: any QueriedSource

    /// Rows that one statement names; its text must fit into an argument.
    private static let batch = 200

    /// Compares all of it.
    ///
    /// - Throws: `contentDiffers` when the copy's rows were not all seen, each once.
    func run(into output: inout DiffOutput) async throws {
        let count = try await copy.query(dialect.count(where: condition), database: database).first?.first ?? nil
        var seenCount = 0
        var after: [String?]?
        repeat {
            let rows = try await copied(KeyPage(after: after, rowCount: windowRowCount))
            seenCount += rows.count
            let last = rows.count == windowRowCount ? rows.last?.values : nil
            var window = DiffWindow(rows)
            try await compare(&window, after: after, through: last, into: &output)
            after = last
        } while after != nil
        guard count == "\(seenCount)" else {
            throw RecoveryError(
                .contentDiffers, "\(seenCount) rows of \(count ?? "?") were read in the order of their key",
                subject: dialect.name.table,
                hint: "does the condition say the same each time? Another key may do: --key COLUMN, once for each")
        }
    }

    /// Refuses a key that somebody named and that does not tell rows apart: rows at the edge of a window would be left out.
    func requireKey() async throws {
        let sql = dialect.readingSession + dialect.ambiguity(where: condition)
        guard try await copy.query(sql, database: database).isEmpty,
            try await live.query(sql, database: database).isEmpty
        else { throw TableDiff.ambiguous(dialect.shape, place: dialect.name.table) }
    }

    private func compare(
        _ window: inout DiffWindow, after: [String?]?, through last: [String?]?, into output: inout DiffOutput
    ) async throws {
        var page = KeyPage(after: after, through: last, rowCount: windowRowCount)
        while true {
            let rows = try await live(dialect.selection(where: condition, page: page))
            try await output.take(window.compare(rows))
            guard rows.count == windowRowCount else { break }
            page.after = rows.last?.values
        }
        // Rows that the condition does not fit on the live server any more, though it did: they were changed, not deleted.
        var rest = window.missing[...]
        while !rest.isEmpty {
            let keys = rest.prefix(Self.batch).map { "(\(dialect.fits(key: $0.values)))" }.joined(separator: " OR ")
            rest = rest.dropFirst(Self.batch)
            var changed = window.compare(try await live(dialect.selection(where: keys)))
            changed.liveOnly = []
            try await output.take(changed)
        }
        var gone = TableDiff()
        gone.inserted = window.missing
        try await output.take(gone)
    }

    private var database: String? { dialect.name.database }

    private func copied(_ page: KeyPage) async throws -> [TableDiff.Row] {
        let sql = dialect.readingSession + dialect.selection(where: condition, page: page)
        return try TableDiff.rows(
            try await copy.query(sql, database: database), dialect.shape, place: "the copy's \(dialect.name.table)")
    }

    private func live(_ selection: String) async throws -> [TableDiff.Row] {
        try TableDiff.rows(
            try await live.query(dialect.readingSession + selection, database: database), dialect.shape,
            place: "the live \(dialect.name.table)")
    }
}

/// What becomes of the rows that were found: they are written down, counted, and forgotten.
struct DiffOutput {
    let script: DiffScript
    let file: ScriptFile
    var result: DiffResult
    /// Conditions that the rows fit which come back; nil when nobody asks for them, or there are too many.
    var keys: [String]?
    /// More rows than these are too many.
    var keyLimit = BroughtBackFiles.limit

    mutating func take(_ diff: TableDiff) async throws {
        result.insertCount += diff.inserted.count
        result.updateCount += diff.updated.count
        result.liveOnlyCount += diff.liveOnly.count
        if result.insertCount + result.updateCount > keyLimit { keys = nil }
        let (script, file) = (script, file)
        let found = keys == nil ? [] : diff.broughtBack.map { "(\(script.dialect.fits(key: $0.values)))" }
        keys?.append(contentsOf: found)
        try await PointRestore.lane.run { try file.write(script.lines(of: diff)) }
    }
}
