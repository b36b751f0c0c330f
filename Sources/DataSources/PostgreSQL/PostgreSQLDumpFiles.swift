import Chunking
import Sealing
import Trees

/// Counts and hashes the tables of a dump as it goes by.
class DumpPins: DumpParts {
    private let database: String
    private var table: DumpTable?
    private var hasher = SHA256Hasher()
    private(set) var pins = [TablePin]()

    init(database: String) { self.database = database }

    func take(_ bytes: UnsafeRawBufferPointer, of part: DumpPart) throws {}

    func beginTable(_ table: DumpTable) throws { self.table = table }

    func take(_ bytes: UnsafeRawBufferPointer) throws { hasher.update(bytes) }

    func endTable(rowCount: UInt64) throws {
        guard let table else { preconditionFailure("a table has begun") }
        pins.append(
            TablePin(
                database: "\(database).\(table.schema)", table: table.table, rowCount: rowCount,
                hash: hasher.finish().hex, method: "dump-sha256"))
    }
}

/// Writes the parts of a dump as files of the snapshot.
final class PostgreSQLDumpFiles: DumpPins {
    private let source: PostgreSQLSource
    private let sink: any StreamSink
    private let folder: [[UInt8]]
    private var files = [DumpPart: any StreamFile]()
    private var current: (any StreamFile)?

    init(_ source: PostgreSQLSource, _ sink: any StreamSink, database: String) {
        self.source = source
        self.sink = sink
        folder = source.path("databases", SafeFileName.encoded(database))
        super.init(database: database)
    }

    override func take(_ bytes: UnsafeRawBufferPointer, of part: DumpPart) throws {
        let file = try files[part] ?? open([Array(part.rawValue.utf8)])
        files[part] = file
        try file.write(bytes)
    }

    override func beginTable(_ table: DumpTable) throws {
        try super.beginTable(table)
        let name = "\(SafeFileName.encoded(table.schema)).\(SafeFileName.encoded(table.table)).sql"
        current = try open(["tables", SafeFileName.shortened(name)].map { Array($0.utf8) })
    }

    override func take(_ bytes: UnsafeRawBufferPointer) throws {
        try super.take(bytes)
        try current?.write(bytes)
    }

    override func endTable(rowCount: UInt64) throws {
        try super.endTable(rowCount: rowCount)
        try current?.finish()
        current = nil
    }

    /// The dump is complete.
    func finish() throws {
        for file in files.values { try file.finish() }
        files = [:]
    }

    private func open(_ path: [[UInt8]]) throws -> any StreamFile {
        let metadata = Metadata(kind: .file, permissions: 0o600, modified: source.environment.now())
        return try sink.file(folder + path, metadata, chunking: .dump)
    }
}

/// Names of databases and tables as names of files: what a file system, a shell or a person stumbles over is written `%2F`.
enum SafeFileName {
    /// The name; `.` is written `%2E`, so that one stands between schema and table only.
    static func encoded(_ name: String) -> String {
        var result = ""
        for scalar in name.unicodeScalars {
            let isPlain =
                scalar.value >= 0xA0 || "-_+= @,".unicodeScalars.contains(scalar)
                || ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar)
            if isPlain { result.unicodeScalars.append(scalar) } else { result += percent(scalar) }
        }
        return result.hasPrefix("-") ? "%2D" + result.dropFirst() : result
    }

    /// At most 255 bytes; what is longer ends in a hash.
    static func shortened(_ name: String) -> String {
        guard name.utf8.count > 255 else { return name }
        var start = name
        while start.utf8.count > 180 { start.removeLast() }
        return "\(start)-\(SHA256.digest(Array(name.utf8)).hex.prefix(32)).sql"
    }

    private static func percent(_ scalar: Unicode.Scalar) -> String {
        Array(String(scalar).utf8).map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return "%" + (digits.count == 1 ? "0" : "") + digits
        }.joined()
    }
}
