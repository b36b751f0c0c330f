import DataSources

/// How rows of one table are asked for and written down, so that they come back byte by byte.
struct RowDialect: Sendable {
    let name: TableName
    let kind: SourceKind
    let shape: TableShape

    private var names: MaskDialect { MaskDialect(kind: kind, salt: "") }

    func quoted(_ column: TableShape.Column) -> String { names.quoted(column.name) }

    /// The table in quotes, for a session in its database.
    var table: String { "\(names.quoted(name.schema)).\(names.quoted(name.table))" }

    /// Settings of a session that reads, which texts depend on.
    var readingSession: String {
        kind == .postgresql
            ? RowDialect.postgresqlSession : "SET SESSION time_zone = '+00:00', sql_mode = '';\nSET NAMES utf8mb4;\n"
    }

    /// Settings of a session that writes what was read.
    var writingSession: [String] {
        if kind == .postgresql { return RowDialect.postgresqlSession.split(separator: "\n").map(String.init) }
        return [
            "SET NAMES utf8mb4;",
            "SET SESSION time_zone = '+00:00', "
                + "sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_BACKSLASH_ESCAPES';",
        ]
    }

    private static let postgresqlSession = """
        SET client_encoding = 'UTF8';
        SET standard_conforming_strings = on;
        SET datestyle = 'ISO, YMD';
        SET intervalstyle = 'postgres';
        SET timezone = 'UTC';
        SET extra_float_digits = 3;
        SET bytea_output = 'hex';
        SET lc_monetary = 'C';

        """

    /// The engine's dump tool writes values of some column with fewer digits than they have: FLOAT of MariaDB, six of them.
    var isRoundedByDump: Bool { kind == .mariadb && shape.columns.contains { $0.type.lowercased() == "float" } }

    // MARK: Reading

    /// The columns of a row, then what tells it apart, as the engine compares it.
    func selection(where condition: String?, page: KeyPage? = nil) -> String {
        let values = shape.columns.map { reading($0) } + shape.key.map { matching(shape.columns[$0]) }
        let aliased = values.enumerated().map { "\($1) AS c\($0)" }.joined(separator: ", ")
        return "SELECT \(aliased) FROM \(table)\(rest(where: condition, page: page));\n"
    }

    private func reading(_ column: TableShape.Column) -> String {
        let name = quoted(column)
        switch column.form {
        case .number: return column.type.lowercased() == "bit" ? "CAST(\(name) + 0 AS CHAR)" : "CAST(\(name) AS CHAR)"
        // Shown with six digits else.
        case .plain where column.type.lowercased() == "float": return "CAST(CAST(\(name) AS DOUBLE) AS CHAR)"
        case .plain: return "CAST(\(name) AS CHAR)"
        case .characters, .bytes: return "HEX(\(name))"
        case .typed: return "\(name)::text"
        }
    }

    /// Two keys that a unique index takes for the same are the same here.
    private func matching(_ column: TableShape.Column) -> String {
        if case .characters = column.form { return "HEX(WEIGHT_STRING(\(quoted(column))))" }
        return reading(column)
    }

    // MARK: Writing

    /// A value as a statement has it.
    func literal(_ value: String?, _ column: TableShape.Column) -> String {
        guard let value else { return "NULL" }
        switch column.form {
        case .number: return value
        case .plain: return RowDialect.quotes(value)
        case .bytes: return "X'\(value)'"
        case .characters(let set): return readable(value, set) ?? "_\(set) X'\(value)'"
        case .typed(let type): return RowDialect.postgresql(value) + "::\(type)"
        }
    }

    /// A condition that only this very value fits.
    func equals(_ value: String?, _ column: TableShape.Column) -> String {
        let name = quoted(column)
        guard let value else { return "\(name) IS NULL" }
        switch column.form {
        case .number, .plain: return "\(name) = \(literal(value, column))"
        case .bytes: return "HEX(\(name)) = '\(value)'"
        case .characters(let set):
            return readable(value, set).map { "BINARY \(name) = \($0)" } ?? "HEX(\(name)) = '\(value)'"
        case .typed: return "\(name)::text = \(RowDialect.postgresql(value))"
        }
    }

    /// A condition on the key, by its index.
    func fits(key row: [String?]) -> String {
        shape.key.map { "\(quoted(shape.columns[$0])) = \(literal(row[$0], shape.columns[$0]))" }
            .joined(separator: " AND ")
    }

    /// A text that a person can read, where its bytes mean the same in the script as in the column; nil else.
    private func readable(_ hex: String, _ set: String) -> String? {
        let bytes = RowDialect.bytes(hex)
        let isUTF8 = set == "utf8mb4" || set == "utf8mb3" || set == "utf8"
        guard isUTF8 || ["latin1", "ascii", "latin2"].contains(set) else { return nil }
        let isPlain = bytes.allSatisfy { (0x20...0x7E).contains($0) || isUTF8 && $0 >= 0x80 }
        guard isPlain, !bytes.contains(0x5C), let text = String(validating: bytes, as: UTF8.self) else { return nil }
        // Signs that turn the direction of writing, or that cannot be seen, hide what is reviewed.
        let hidden: Set<Unicode.GeneralCategory> = [.control, .format, .lineSeparator, .paragraphSeparator]
        guard !text.unicodeScalars.contains(where: { hidden.contains($0.properties.generalCategory) }) else {
            return nil
        }
        return RowDialect.quotes(text)
    }

    private static func bytes(_ hex: String) -> [UInt8] {
        var bytes = [UInt8]()
        var high: UInt8?
        for digit in hex.utf8 {
            guard let value = Character(UnicodeScalar(digit)).hexDigitValue.map({ UInt8($0) }) else { return [] }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return bytes
    }

    private static func quotes(_ text: String) -> String { "'" + text.replacing("'", with: "''") + "'" }

    /// With escapes for what would break a line or hide.
    private static func postgresql(_ text: String) -> String {
        let hidden: Set<Unicode.GeneralCategory> = [.control, .format, .lineSeparator, .paragraphSeparator]
        var result = ""
        var isEscaped = false
        for scalar in text.unicodeScalars {
            if scalar == "'" {
                result += "''"
            } else if scalar == "\\" {
                isEscaped = true
                result += "\\\\"
            } else if hidden.contains(scalar.properties.generalCategory) {
                isEscaped = true
                let digits = String(scalar.value, radix: 16)
                result += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return (isEscaped ? "E'" : "'") + result + "'"
    }

    func insert(_ row: [String?]) -> String {
        let columns = shape.columns.map { quoted($0) }.joined(separator: ", ")
        let values = zip(row, shape.columns).map { literal($0, $1) }.joined(separator: ", ")
        let overriding = shape.columns.contains(where: \.isIdentity) ? " OVERRIDING SYSTEM VALUE" : ""
        return "INSERT INTO \(table) (\(columns))\(overriding) VALUES (\(values));"
    }

    /// Only where the row is what was seen.
    func update(_ seen: [String?], to row: [String?]) -> String {
        let changed = shape.columns.indices.filter { index in
            row[index] != seen[index] || shape.columns[index].changesItself
        }
        let values = changed.map { "\(quoted(shape.columns[$0])) = \(literal(row[$0], shape.columns[$0]))" }
        let rest = shape.columns.indices.filter { !shape.key.contains($0) || seen[$0] != row[$0] }
        let conditions = [fits(key: row)] + rest.map { equals(seen[$0], shape.columns[$0]) }
        return "UPDATE \(table) SET \(values.joined(separator: ", ")) WHERE \(conditions.joined(separator: " AND "));"
    }
}
