import DataSources
import Drills
import GRDB

/// What is sent to the console's server.
struct MirrorStatement {
    private let table: String
    private let columns: [MirrorSettings.Column]
    private let key: String

    init(_ settings: MirrorSettings) {
        table = "\(MariaDBLiteral.name(settings.database)).\(MariaDBLiteral.name(settings.table))"
        columns = settings.columns
        key = MariaDBLiteral.name(settings.columns.first { $0.ours == "id" }?.theirs ?? "id")
    }

    static func id(_ row: [String: DatabaseValue]) -> String {
        row["id"].flatMap { String.fromDatabaseValue($0) } ?? ""
    }

    /// Which of these the table has.
    func present(_ ids: [String]) -> String {
        let list = (ids.isEmpty ? [""] : ids).map(MariaDBLiteral.text).joined(separator: ", ")
        return "SELECT \(key) FROM \(table) WHERE \(key) IN (\(list));"
    }

    /// Inserts the rows, each unless somebody was faster. Times are UTC.
    func transaction(_ rows: [[String: DatabaseValue]]) -> String {
        (["SET SESSION time_zone = '+00:00';", "START TRANSACTION;"] + rows.map(insertion) + ["COMMIT;"])
            .joined(separator: "\n")
    }

    private func insertion(_ row: [String: DatabaseValue]) -> String {
        let names = columns.map { MariaDBLiteral.name($0.theirs) }.joined(separator: ", ")
        let values = columns.map { literal(row[$0.ours] ?? .null, $0.ours) }.joined(separator: ", ")
        return "INSERT INTO \(table) (\(names)) SELECT \(values) FROM DUAL WHERE NOT EXISTS "
            + "(SELECT 1 FROM \(table) WHERE \(key) = \(MariaDBLiteral.text(MirrorStatement.id(row))));"
    }

    private func literal(_ value: DatabaseValue, _ column: String) -> String {
        switch value.storage {
        case .null, .blob: "NULL"
        case .int64(let number): "\(number)"
        case .double(let number): number.isFinite ? "\(number)" : "NULL"
        case .string(let text): MariaDBLiteral.text(column.hasSuffix("_at") ? MirrorStatement.time(text) : text)
        }
    }

    /// `2026-11-21T08:00:00.5Z` as MariaDB takes it: `2026-11-21 08:00:00.5`, six digits of a second at most.
    static func time(_ text: String) -> String {
        guard text.hasSuffix("Z") else { return text }
        let parts = text.dropLast().replacing("T", with: " ").split(separator: ".", maxSplits: 1)
        return parts.count == 2 ? "\(parts[0]).\(parts[1].prefix(6))" : String(parts.first ?? "")
    }
}
