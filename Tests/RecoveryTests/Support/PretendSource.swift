import Chunking
import DataSources
import FoundationEssentials
import Glibc
import Synchronization
import Trees

/// A "database" of one text file, a row a line, so that recovery can be tested without servers. It lives in a folder
/// `<live>/rows`; a file `broken` beside it makes reading fail half way.
struct PretendSource: PinnedSource {
    let name: String
    let live: String
    var kind: SourceKind { .mariadb }

    func examine() async -> [Finding] { [] }

    func read(_ archive: @escaping @Sendable (SourceContent) async throws -> Void) async throws -> SourceReading {
        let moment = now().rfc3339
        let stream = Stream(name: name, live: live)
        try await archive(.stream(stream))
        var reading = SourceReading(method: "physical", consistentFrom: moment, consistentTo: moment)
        reading.position = position
        return reading
    }

    /// The number of rows stands for the position, unless there is a log.
    private var position: SourcePosition {
        if let logged = PretendLog(live).position { return logged }
        var position = SourcePosition()
        position.gtid = "0-1-\(Rows.read(live + "/rows").count)"
        return position
    }

    func pins(
        tables: [String], budget: Duration
    ) async throws -> (position: SourcePosition, pins: [TablePin], leftOut: [String]) {
        (position, [Rows.pin(live + "/rows")], [])
    }

    private struct Stream: StreamSource {
        let name: String
        let live: String

        func stream(into sink: any StreamSink) throws {
            let metadata = Metadata(kind: .file, permissions: 0o600, modified: now())
            let file = try sink.file([name, "data", "rows"].map { Array($0.utf8) }, metadata, chunking: .pages)
            try file.write(Array(try Data(contentsOf: URL(filePath: live + "/rows"))))
            if access(live + "/broken", F_OK) == 0 {
                throw SourceError(.toolFailed, "the pretended tool was killed", subject: name, hint: "look at it")
            }
            try file.finish()
        }
    }
}

/// Rows of a pretended database.
enum Rows {
    static func read(_ path: String) -> [String] {
        ((try? String(contentsOf: URL(filePath: path), encoding: .utf8)) ?? "").split(separator: "\n").map(String.init)
    }

    static func pin(_ path: String) -> TablePin {
        let rows = read(path)
        return TablePin(
            database: "app", table: "rows", rowCount: UInt64(rows.count), hash: rows.joined(separator: "|"),
            method: "rows")
    }
}

/// Brings a pretended database back. A row `corrupt` is what its checker finds.
struct PretendRestorer: SourceRestorer {
    var kind: SourceKind { .mariadb }

    func build(files: String, data: String, run: String) async throws {
        guard rename(files + "/data", data) == 0 else {
            throw SourceError(.failed, "cannot move the data: error \(errno)", subject: data)
        }
    }

    func start(data: String, run: String) async throws -> any ScratchServer { Server(data: data) }

    func checkFiles(_ files: String) async throws -> [CheckOutcome] { [] }

    func load(files: String, into target: ServerTarget) async throws {
        throw SourceError(.invalidSetting, "pretended databases are not loaded", subject: files)
    }

    struct Server: ScratchServer {
        let data: String
        var processID: Int32 { 0 }
        var howToConnect: [String] { ["cat \(data)/rows"] }

        /// `has X` gives 1 when there is a row X; `all` gives all rows, split at commas.
        func query(_ sql: String, database: String?) async throws -> [[String?]] {
            let rows = Rows.read(data + "/rows")
            if sql == "all" { return rows.map { $0.split(separator: ",").map { String($0) } } }
            return [[rows.contains(String(sql.dropFirst(4))) ? "1" : "0"]]
        }

        func check() async throws -> [CheckOutcome] {
            let isSound = !Rows.read(data + "/rows").contains("corrupt")
            return [
                CheckOutcome(name: "pretend-check", isSound: isSound, message: isSound ? "1 table" : "row is corrupt")
            ]
        }

        func pins(like expected: [TablePin]) async throws -> [TablePin] { [Rows.pin(data + "/rows")] }

        func stop() async throws {}
    }
}

/// A folder of files, read as they are.
struct PlainFiles: DataSource {
    let name: String
    let paths: [String]
    var kind: SourceKind { .files }

    func examine() async -> [Finding] { [] }

    func read(_ archive: @escaping @Sendable (SourceContent) async throws -> Void) async throws -> SourceReading {
        let from = now().rfc3339
        try await archive(.tree(try LocalTreeSource(paths: paths.map { Array($0.utf8) }), paths: paths))
        return SourceReading(method: "walk", consistentFrom: from, consistentTo: now().rfc3339)
    }
}

/// The wall clock.
@Sendable func now() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(seconds: Int64(time.tv_sec), nanoseconds: UInt32(time.tv_nsec))
}
