import DataSources

/// The statements that bring rows back, for a person to read before anybody runs them.
struct DiffScript {
    let dialect: RowDialect
    let diff: TableDiff
    /// Lines about where it comes from.
    let origin: [String]
    /// Lines about files.
    var files: [String] = []

    var lines: [String] {
        var lines = header.map { "-- " + DiffScript.oneLine($0) }
        lines += [
            "",
            "-- Nothing of it was run. Read it, then run it with the engine's own client, which must stop at an error.",
        ]
        lines += dialect.writingSession
        lines += [dialect.kind == .postgresql ? "BEGIN;" : "START TRANSACTION;"]
        if dialect.kind == .mariadb { lines.append("SET @lifeboat_written = 0;") }
        for row in diff.inserted { lines += counted(dialect.insert(row.values)) }
        for (live, copy) in diff.updated { lines += counted(dialect.update(live.values, to: copy.values)) }
        if dialect.kind == .mariadb {
            let count = diff.broughtBack.count
            lines.append("SELECT @lifeboat_written AS rows_written, \(count) AS rows_expected;")
        }
        lines.append("COMMIT;")
        if !diff.liveOnly.isEmpty { lines += ["", "-- only live has these rows, and they were left alone:"] }
        lines += diff.liveOnly.map { "-- " + DiffScript.oneLine(dialect.fits(key: $0.values)) }
        return lines
    }

    /// A client of MariaDB says of each statement nothing at all, so the rows are counted.
    private func counted(_ statement: String) -> [String] {
        guard dialect.kind == .mariadb else { return [statement] }
        return [statement, "SET @lifeboat_written = @lifeboat_written + GREATEST(ROW_COUNT(), 0);"]
    }

    private var header: [String] {
        var lines = ["lifeboat explore: rows of \(dialect.name.schema).\(dialect.name.table) brought back"] + origin
        lines += [
            "inserts \(diff.inserted.count), updates \(diff.updated.count), left alone that only live has: "
                + "\(diff.liveOnly.count)",
            "an update is done only where the row is still what was seen; an insert fails where one came since",
        ]
        if !dialect.shape.triggers.isEmpty {
            lines.append(
                "the live table has triggers, which will run: " + dialect.shape.triggers.joined(separator: ", "))
        }
        return lines + files
    }

    static func oneLine(_ text: String) -> String {
        String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    }
}
