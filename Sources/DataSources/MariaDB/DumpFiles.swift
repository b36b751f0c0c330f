import Chunking
import Sealing
import Trees

/// The files that a dump becomes, opened when there is something to write, and what the tables' files hold.
final class DumpFiles {
    /// A kind of file.
    enum Part: String { case header, footer, schema, rows, triggers, routines, events, views }

    private let root: [[UInt8]]
    private let sink: (any StreamSink)?
    private let metadata: Metadata
    private var open: [Part: any StreamFile] = [:]
    private var database: [UInt8] = []
    private var table: [UInt8] = []
    private var rowCount: UInt64 = 0
    private var hasher = SHA256Hasher()
    /// One for each table that was finished.
    private(set) var pins: [TablePin] = []
    /// Whether a table's rows are being written.
    private(set) var hasRows = false

    /// Files below `root` of `sink`; without a sink everything is only hashed.
    init(root: [[UInt8]], sink: (any StreamSink)?, modified: Timestamp) {
        self.root = root
        self.sink = sink
        metadata = Metadata(kind: .file, permissions: 0o640, modified: modified)
    }

    /// The next statements are for this database. `create` is the statement that makes it; empty when it was entered before.
    func enter(_ name: [UInt8], create: [UInt8]) throws {
        try finishDatabase()
        database = name
        guard !create.isEmpty else { return }
        let bytes = create + useStatement
        try bytes.withUnsafeBytes { try write($0, to: .schema) }
    }

    /// Begins the file of a table's rows.
    func beginRows(of name: [UInt8]) throws {
        try finish(.rows)
        table = name
        rowCount = 0
        hasRows = true
        let bytes = useStatement
        try bytes.withUnsafeBytes { try write($0, to: .rows) }
    }

    private var useStatement: [UInt8] {
        Array("USE \(MariaDBClient.quoted(String(decoding: database, as: UTF8.self)));\n".utf8)
    }

    func add(rowCount count: UInt64) { rowCount += count }

    /// Writes to a file of the current database or table.
    func write(_ bytes: UnsafeRawBufferPointer, to part: Part) throws {
        if part == .rows {
            guard hasRows else { return }
            hasher.update(bytes)
        }
        guard let sink else { return }
        if let file = open[part] { return try file.write(bytes) }
        let file = try sink.file(path(of: part), metadata, chunking: part == .rows ? .dump : .files)
        open[part] = file
        // Each file can be loaded by itself.
        if [.triggers, .routines, .events, .views].contains(part) { try file.write(useStatement) }
        try file.write(bytes)
    }

    /// A part is complete; nothing happens when it was not begun.
    func finish(_ part: Part) throws {
        if part == .rows, hasRows {
            let (database, table) = (String(decoding: database, as: UTF8.self), String(decoding: table, as: UTF8.self))
            let hash = hasher.finish().hex
            pins.append(
                TablePin(database: database, table: table, rowCount: rowCount, hash: hash, method: "dump-sha256"))
            hasRows = false
        }
        try open.removeValue(forKey: part)?.finish()
    }

    /// All databases are complete.
    func finishDatabases() throws { try finishDatabase() }

    /// Everything is complete.
    func finishAll() throws {
        try finishDatabase()
        for part in [Part.header, .footer] { try finish(part) }
    }

    private func finishDatabase() throws {
        for part in [Part.rows, .schema, .triggers, .routines, .events, .views] { try finish(part) }
    }

    private func path(of part: Part) -> [[UInt8]] {
        let suffix = Array(".sql".utf8)
        let folder = root + [Array("databases".utf8), DumpLayout.fileName(database)]
        switch part {
        case .header, .footer: return root + [Array(part.rawValue.utf8) + suffix]
        case .rows: return folder + [Array("tables".utf8), DumpLayout.fileName(table) + suffix]
        default: return folder + [Array(part.rawValue.utf8) + suffix]
        }
    }
}
