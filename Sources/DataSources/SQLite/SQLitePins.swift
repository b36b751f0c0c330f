import GRDB
import Sealing

/// Counts tables of an SQLite file. Calls block.
enum SQLitePins {
    static let database = "main"
    static let method = "rows"

    /// `3.40.1`.
    static var libraryVersion: String? {
        // A library that cannot say its version still makes copies.
        try? DatabaseQueue().read { try String.fetchOne($0, sql: "SELECT sqlite_version()") }
    }

    /// A read-only connection; the file may be in WAL mode.
    static func open(_ path: String) throws(SourceError) -> DatabaseQueue {
        try described(path) {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.label = "lifeboat-sqlite"
            return try DatabaseQueue(path: path, configuration: configuration)
        }
    }

    /// Every table but SQLite's own and virtual ones, in the order of their names.
    static func all(of path: String) throws(SourceError) -> [TablePin] {
        let queue = try open(path)
        return try described(path) {
            try queue.read { database in
                let tables = try String.fetchAll(
                    database,
                    sql: """
                        SELECT name FROM sqlite_master WHERE type = 'table' AND rootpage > 0
                        AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name
                        """)
                return try tables.map { try pin($0, in: database) }
            }
        }
    }

    /// Counts one table. The hash is the sum, modulo 2^128, of the first 16 bytes of each row's SHA-256, so the order of rows
    /// does not matter; values go in with their type and length.
    static func pin(_ table: String, in database: Database) throws -> TablePin {
        let quoted = "\"" + table.map { $0 == "\"" ? "\"\"" : String($0) }.joined() + "\""
        var count: UInt64 = 0
        var sum: (high: UInt64, low: UInt64) = (0, 0)
        var hasher = SHA256Hasher()
        let rows = try Row.fetchCursor(database, sql: "SELECT * FROM \(quoted)")
        while let row = try rows.next() {
            var bytes = [UInt8]()
            for value in row.databaseValues { append(value, to: &bytes) }
            hasher.update(bytes)
            let words = hasher.finish().words
            let (low, overflow) = sum.low.addingReportingOverflow(words.1)
            sum = (sum.high &+ words.0 &+ (overflow ? 1 : 0), low)
            count += 1
        }
        return TablePin(
            database: Self.database, table: table, rowCount: count, hash: hex(sum.high) + hex(sum.low), method: method)
    }

    private static func append(_ value: DatabaseValue, to bytes: inout [UInt8]) {
        func add(_ kind: Character, _ content: some Collection<UInt8>) {
            bytes += Array("\(kind)\(content.count):".utf8)
            bytes += content
        }
        switch value.storage {
        case .null: add("n", [])
        case .int64(let number): add("i", Array(String(number).utf8))
        case .double(let number): add("d", Array(String(number.bitPattern).utf8))
        case .string(let text): add("s", Array(text.utf8))
        case .blob(let blob): add("b", Array(blob))
        }
    }

    private static func hex(_ word: UInt64) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// Gives SQLite's own words for what goes wrong.
    static func described<R>(_ subject: String, _ body: () throws -> R) throws(SourceError) -> R {
        do {
            return try body()
        } catch {
            let message = (error as? DatabaseError)?.message ?? "\(error)"
            throw SourceError(.checkFailed, "SQLite says: \(message)", subject: subject, cause: error)
        }
    }
}
