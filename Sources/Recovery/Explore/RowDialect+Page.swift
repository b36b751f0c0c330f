import DataSources

/// Some rows of a table in the order of its key, as the engine has it.
struct KeyPage: Sendable {
    /// Values of the row before them; nil for the beginning.
    var after: [String?]?
    /// Values of the last row that may be among them; nil for the end.
    var through: [String?]?
    /// At most this many.
    var rowCount: Int
}

extension RowDialect {
    /// What follows FROM, to read rows in the order of the key.
    func rest(where condition: String?, page: KeyPage?) -> String {
        let conditions = [
            condition.map { "(\($0)\n)" }, page?.after.map { compares(key: $0, ">") },
            page?.through.map { compares(key: $0, "<=") },
        ].compactMap(\.self)
        let order = shape.key.map { ordered(shape.columns[$0]) }.joined(separator: ", ")
        return (conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND "))
            + (order.isEmpty ? "" : " ORDER BY \(order)") + (page.map { " LIMIT \($0.rowCount)" } ?? "")
    }

    /// How many rows there are.
    func count(where condition: String?) -> String {
        "SELECT COUNT(*) FROM \(table)" + (condition.map { " WHERE (\($0)\n)" } ?? "") + ";\n"
    }

    /// A row, when the key is that of several rows, or has a NULL.
    func ambiguity(where condition: String?) -> String {
        let columns = shape.key.map { quoted(shape.columns[$0]) }
        let isEmpty = columns.map { "\($0) IS NULL" }.joined(separator: " OR ")
        return "SELECT 1 FROM \(table)" + (condition.map { " WHERE (\($0)\n)" } ?? "")
            + " GROUP BY \(columns.joined(separator: ", ")) HAVING COUNT(*) > 1 OR \(isEmpty) LIMIT 1;\n"
    }

    /// A column of the key, so that it is sorted as it is compared: MariaDB sorts ENUM and SET by their numbers, and compares texts.
    private func ordered(_ column: TableShape.Column) -> String {
        let isListed = kind == .mariadb && ["enum", "set"].contains(column.type.lowercased())
        return isListed ? "CONCAT(\(quoted(column)))" : quoted(column)
    }

    /// A condition that rows fit whose key is behind a row's, or at most at it. In the form whose index each engine makes use of.
    private func compares(key row: [String?], _ sign: String) -> String {
        let columns = shape.key.map { ordered(shape.columns[$0]) }
        let values = shape.key.map { literal(row[$0], shape.columns[$0]) }
        if kind == .postgresql {
            return "(\(columns.joined(separator: ", "))) \(sign) (\(values.joined(separator: ", ")))"
        }
        var text = ""
        for (column, value) in zip(columns, values).reversed() {
            text =
                text.isEmpty
                ? "\(column) \(sign) \(value)"
                : "\(column) \(sign.prefix(1)) \(value) OR \(column) = \(value) AND (\(text))"
        }
        return "(\(text))"
    }
}
