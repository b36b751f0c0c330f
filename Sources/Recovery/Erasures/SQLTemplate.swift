import DataSources

/// A statement of the configuration that names a value as `:key`.
///
/// The value is bound, never spliced in as text: MariaDB gets it through `EXECUTE IMMEDIATE … USING`, PostgreSQL through a
/// prepared statement. What stands in quotes or comments is left alone, and so is PostgreSQL's cast `::`.
struct SQLTemplate: Sendable, Hashable {
    /// The text between the places of the value.
    let pieces: [String]

    /// Takes a statement apart.
    init(_ text: String) {
        var scanner = Scanner(text)
        pieces = scanner.pieces()
    }

    /// How often it names the value.
    var count: Int { pieces.count - 1 }

    /// One text to run that gives the rows of the statement.
    func bound(to key: String, kind: SourceKind) -> String {
        switch kind {
        case .postgresql: postgresql(key)
        default: mariadb(key)
        }
    }

    /// Everything is handed over as hexadecimal digits, so no quoting rule of a session matters.
    private func mariadb(_ key: String) -> String {
        let value = "CONVERT(X'\(SQLTemplate.hex(key))' USING utf8mb4)"
        let statement = "CONVERT(X'\(SQLTemplate.hex(pieces.joined(separator: "?")))' USING utf8mb4)"
        let values = Array(repeating: value, count: count).joined(separator: ", ")
        return "EXECUTE IMMEDIATE \(statement)" + (count > 0 ? " USING \(values)" : "") + ";"
    }

    /// The type of the value is the one that its place asks for. Quotes are doubled, and the session is told that a backslash
    /// is one.
    private func postgresql(_ key: String) -> String {
        guard count > 0 else { return pieces[0] + ";" }
        let quoted = "'" + key.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
        return """
            SET standard_conforming_strings = on;
            PREPARE lifeboat_bound AS \(pieces.joined(separator: "$1"));
            EXECUTE lifeboat_bound(\(quoted));
            DEALLOCATE lifeboat_bound;
            """
    }

    private static func hex(_ text: String) -> String {
        text.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// Splits at `:key`.
    private struct Scanner {
        private let bytes: [UInt8]
        private var index = 0
        private var current = [UInt8]()
        private var found = [String]()
        private static let name = Array(":key".utf8)

        init(_ text: String) { bytes = Array(text.utf8) }

        mutating func pieces() -> [String] {
            while index < bytes.count {
                switch bytes[index] {
                case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "`"): quoted(by: bytes[index])
                case UInt8(ascii: "-") where has("--"): through("\n")
                case UInt8(ascii: "/") where has("/*"): through("*/")
                case UInt8(ascii: ":") where has("::"): take(2)
                case UInt8(ascii: ":") where isName: end()
                default: take(1)
                }
            }
            return found + [String(decoding: current, as: UTF8.self)]
        }

        private var isName: Bool {
            guard has(":key") else { return false }
            let next = index + Scanner.name.count < bytes.count ? bytes[index + Scanner.name.count] : 0
            return !(next == UInt8(ascii: "_") || (0x30...0x39).contains(next) || (0x41...0x5A).contains(next & 0xDF))
        }

        private func has(_ text: String) -> Bool { bytes[index...].starts(with: text.utf8) }

        private mutating func take(_ count: Int) {
            let end = min(index + count, bytes.count)
            current += bytes[index..<end]
            index = end
        }

        private mutating func through(_ text: String) {
            take(2)
            while index < bytes.count, !has(text) { take(1) }
            take(text.utf8.count)
        }

        private mutating func quoted(by mark: UInt8) {
            take(1)
            while index < bytes.count, bytes[index] != mark { take(bytes[index] == UInt8(ascii: "\\") ? 2 : 1) }
            take(1)
        }

        private mutating func end() {
            found.append(String(decoding: current, as: UTF8.self))
            current = []
            index += Scanner.name.count
        }
    }
}
