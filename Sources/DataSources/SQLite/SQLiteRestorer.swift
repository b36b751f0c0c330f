import GRDB
import Glibc
import ObjectStore

/// Brings back an SQLite database: its file is all there is.
public struct SQLiteRestorer: SourceRestorer {
    public let kind = SourceKind.sqlite
    private let settings: SQLiteSettings
    private let lane = BlockingLane(name: "sqlite", threadCount: 1)

    /// Describes the database that was backed up.
    public init(settings: SQLiteSettings, environment: SourceEnvironment) {
        self.settings = settings
    }

    /// The name of the file in snapshots and in the folder that `build` makes: that of what `settings.file` leads to.
    private var fileName: String {
        let resolved = realpath(settings.file, nil)
        defer { free(resolved) }
        let path = resolved.map { String(cString: $0) } ?? settings.file
        return path.split(separator: "/").last.map(String.init) ?? path
    }

    public func checkFiles(_ files: String) async throws -> [CheckOutcome] { [] }

    public func build(files: String, data: String, run: String) async throws {
        let name = fileName
        try await lane.run { () throws(SourceError) in
            let source = try SQLiteRestorer.find(name, in: files)
            try PlacedFiles.makeFolder(data, account: nil)
            try PlacedFiles.move("\(files)/\(source)", to: "\(data)/\(source)", account: nil, mode: nil)
            try PlacedFiles.sync(data)
        }
    }

    public func start(data: String, run: String) async throws -> any ScratchServer {
        let name = fileName
        let file = try await lane.run { () throws(SourceError) in "\(data)/\(try SQLiteRestorer.find(name, in: data))" }
        return SQLiteScratch(file: file)
    }

    public func load(files: String, into target: ServerTarget) async throws {
        throw SourceError(
            .invalidSetting, "an SQLite database is a file, not a server to load into", subject: target.host,
            hint: "restore with --to")
    }

    /// The file of that name; where the live one has another name today, the only one but `RESTORE.md`.
    private static func find(_ name: String, in folder: String) throws(SourceError) -> String {
        if access("\(folder)/\(name)", F_OK) == 0 { return name }
        guard let stream = opendir(folder) else { throw FileTree.failure("cannot list", folder) }
        defer { closedir(stream) }
        var names = [String]()
        while let entry = readdir(stream) {
            let found = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if ![".", "..", "RESTORE.md"].contains(found) { names.append(found) }
        }
        guard let only = names.first, names.count == 1 else {
            throw SourceError(
                .malformedStream, "the snapshot does not hold one database file", subject: folder,
                hint: "it has: \(names.sorted().joined(separator: ", "))")
        }
        return only
    }
}

/// A reader of a restored database; there is no process.
struct SQLiteScratch: ScratchServer {
    let file: String
    let processID: Int32 = 0
    private let lane = BlockingLane(name: "sqlite", threadCount: 1)

    init(file: String) { self.file = file }

    var howToConnect: [String] { ["sqlite3 -readonly '\(file)'"] }

    func query(_ sql: String, database: String?) async throws -> [[String?]] {
        try await read { database in
            try Row.fetchAll(database, sql: sql).map { row in row.databaseValues.map { SQLiteScratch.text($0) } }
        }
    }

    func check() async throws -> [CheckOutcome] {
        try await read { database in
            let integrity = try String.fetchAll(database, sql: "PRAGMA integrity_check(20)")
            let keys = try Row.fetchAll(database, sql: "PRAGMA foreign_key_check")
            let lost = keys.prefix(5).map { row in
                "\(row[0] as String? ?? "") row \(row[1] as Int64? ?? 0) refers to nothing in \(row[2] as String? ?? "")"
            }
            return [
                CheckOutcome(
                    name: "integrity_check", isSound: integrity == ["ok"], message: integrity.joined(separator: " / ")),
                CheckOutcome(
                    name: "foreign_key_check", isSound: keys.isEmpty,
                    message: keys.isEmpty
                        ? "no row refers to nothing" : "\(keys.count) rows: " + lost.joined(separator: " / ")),
            ]
        }
    }

    func pins(like expected: [TablePin]) async throws -> [TablePin] {
        let tables = expected.map(\.table)
        return try await read { database in
            var pins = [TablePin]()
            for table in tables where try database.tableExists(table) {
                pins.append(try SQLitePins.pin(table, in: database))
            }
            return pins
        }
    }

    func stop() async throws {}

    private func read<R: Sendable>(_ body: @escaping @Sendable (Database) throws -> R) async throws -> R {
        let file = file
        return try await lane.run { () throws(SourceError) in
            let queue = try SQLitePins.open(file)
            return try SQLitePins.described(file) { try queue.read(body) }
        }
    }

    private static func text(_ value: DatabaseValue) -> String? {
        switch value.storage {
        case .null: nil
        case .int64(let number): String(number)
        case .double(let number): String(number)
        case .string(let text): text
        case .blob(let blob):
            "x'" + blob.map { byte in [byte >> 4, byte & 15].map { String($0, radix: 16) }.joined() }.joined() + "'"
        }
    }
}
