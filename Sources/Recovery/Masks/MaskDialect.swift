import DataSources

/// The words in which an engine masks.
struct MaskDialect: Sendable {
    let kind: SourceKind
    /// Random and used once, so that hashes of masked values cannot be compared with hashes of guesses.
    let salt: String

    /// A name in the engine's quotes.
    func quoted(_ name: some StringProtocol) -> String {
        let mark: Character = kind == .postgresql ? "\"" : "`"
        let doubled = name.split(separator: mark, omittingEmptySubsequences: false).joined(separator: "\(mark)\(mark)")
        return "\(mark)\(doubled)\(mark)"
    }

    /// A text in quotes; backslashes, which MariaDB may read as escapes, by way of hexadecimal digits.
    func text(_ value: String) -> String {
        if kind == .postgresql {
            return "'" + value.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
        }
        let digits = value.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        return "CONVERT(X'\(digits)' USING utf8mb4)"
    }

    private func hashed(_ column: String, _ count: Int) -> String {
        kind == .postgresql
            ? "substr(encode(sha256(convert_to(\(text(salt)) || \(column)::text, 'UTF8')), 'hex'), 1, \(count))"
            : "SUBSTR(SHA2(CONCAT(\(text(salt)), \(column)), 256), 1, \(count))"
    }

    /// The expression that takes the place of a column's value; NULL stays NULL.
    func expression(_ mask: MaskProfile.Mask, column name: String) -> String {
        let column = quoted(name)
        switch mask {
        case .email: return concatenated([text("x"), hashed(column, 16), text("@masked.invalid")])
        case .name: return concatenated([text("Person "), hashed(column, 8)])
        case .hash: return hashed(column, 32)
        case .null: return "NULL"
        case .fixed(let value): return text(value)
        case .text:
            return kind == .postgresql ? "repeat('x', length(\(column)::text))" : "REPEAT('x', CHAR_LENGTH(\(column)))"
        case .digits: return digits(column)
        }
    }

    private func concatenated(_ parts: [String]) -> String {
        kind == .postgresql ? parts.joined(separator: " || ") : "CONCAT(\(parts.joined(separator: ", ")))"
    }

    /// Every digit becomes one that depends on the whole value; letters of the hash stand for digits too.
    private func digits(_ column: String) -> String {
        let pad = kind == .postgresql ? "translate" : ""
        if kind == .postgresql {
            return "substr(\(pad)(\(hashed(column, 64)), 'abcdef', '012345'), 1, least(length(\(column)::text), 64))"
        }
        let replaced = ["a0", "b1", "c2", "d3", "e4", "f5"].reduce(hashed(column, 64)) { text, pair in
            "REPLACE(\(text), '\(pair.prefix(1))', '\(pair.suffix(1))')"
        }
        return "SUBSTR(\(replaced), 1, LEAST(CHAR_LENGTH(\(column)), 64))"
    }

    /// `a.b` or `a.b.c` in quotes, without the database for PostgreSQL, which is connected to one.
    func table(_ name: String) -> String {
        let parts = name.split(separator: ".")
        let used = kind == .postgresql ? parts.dropFirst() : parts[...]
        return used.map { quoted($0) }.joined(separator: ".")
    }

    /// The database a table is in.
    func database(of name: String) -> String? { name.split(separator: ".").first.map(String.init) }

    /// Writes the table anew, so that old rows do not stay in its pages.
    func rebuild(_ name: String) -> String {
        kind == .postgresql ? "VACUUM FULL \(table(name));" : "ALTER TABLE \(table(name)) FORCE;"
    }
}
