import DataSources

/// The statements that bring rows back, for a person to read before anybody runs them.
///
/// They are written as the rows are found. A script that was cut off does not commit.
struct DiffScript: Sendable {
    let dialect: RowDialect

    /// What comes before the rows. `origin` says where they come from.
    func head(_ origin: [String]) -> [String] {
        var lines = header(origin).map { "-- " + DiffScript.oneLine($0) }
        lines += [
            "",
            "-- Nothing of it was run. Read it, then run it with the engine's own client, which must stop at an error.",
        ]
        lines += dialect.writingSession
        lines += [dialect.kind == .postgresql ? "BEGIN;" : "START TRANSACTION;"]
        if dialect.kind == .mariadb { lines.append("SET @lifeboat_written = 0;") }
        return lines
    }

    /// Some rows.
    func lines(of diff: TableDiff) -> [String] {
        var lines = [String]()
        for (live, copy) in diff.updated { lines += counted(dialect.update(live.values, to: copy.values)) }
        for row in diff.inserted { lines += counted(dialect.insert(row.values)) }
        lines += diff.liveOnly.map {
            "-- " + DiffScript.oneLine("only live has, and was left alone: " + dialect.fits(key: $0.values))
        }
        return lines
    }

    /// What comes behind the rows. `files` are lines about theirs.
    func tail(_ result: DiffResult, files: [String]) -> [String] {
        var lines = [String]()
        if dialect.kind == .mariadb {
            let count = result.insertCount + result.updateCount
            lines.append("SELECT @lifeboat_written AS rows_written, \(count) AS rows_expected;")
        }
        lines += ["COMMIT;", ""]
        let counts =
            "inserts \(result.insertCount), updates \(result.updateCount), left alone that only live has: "
            + "\(result.liveOnlyCount)"
        return lines + ([counts] + files).map { "-- " + DiffScript.oneLine($0) }
    }

    /// A client of MariaDB says of each statement nothing at all, so the rows are counted.
    private func counted(_ statement: String) -> [String] {
        guard dialect.kind == .mariadb else { return [statement] }
        return [statement, "SET @lifeboat_written = @lifeboat_written + GREATEST(ROW_COUNT(), 0);"]
    }

    private func header(_ origin: [String]) -> [String] {
        var lines = ["lifeboat explore: rows of \(dialect.name.schema).\(dialect.name.table) brought back"] + origin
        lines += [
            "how many they are, and which files they name: in the last lines",
            "an update is done only where the row is still what was seen; an insert fails where one came since",
        ]
        if !dialect.shape.triggers.isEmpty {
            lines.append(
                "the live table has triggers, which will run: " + dialect.shape.triggers.joined(separator: ", "))
        }
        return lines
    }

    static func oneLine(_ text: String) -> String {
        String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory == .control ? " " : $0 }))
    }
}
