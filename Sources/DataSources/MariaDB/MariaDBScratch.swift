import Glibc
import ObjectStore
import Trees

/// A private MariaDB server on restored data.
final class MariaDBScratch: ScratchServer {
    private static let lane = BlockingLane(name: "dump-pins", threadCount: 1)

    private let server: PrivateServer
    let client: MariaDBClient
    private let tools: MariaDBTools
    /// TCP port on loopback.
    let port: Int
    /// Done once it is stopped.
    private let afterwards: @Sendable () throws -> Void

    init(
        server: PrivateServer, client: MariaDBClient, tools: MariaDBTools, port: Int,
        afterwards: @escaping @Sendable () throws -> Void = {}
    ) {
        self.afterwards = afterwards
        self.server = server
        self.client = client
        self.tools = tools
        self.port = port
    }

    var processID: Int32 { server.processID }

    var howToConnect: [String] {
        [
            "mariadb --defaults-file=\(client.optionFile)",
            "also at 127.0.0.1 port \(port), with the accounts of the source",
        ]
    }

    func query(_ sql: String, database: String?) async throws -> [[String?]] {
        try await client.query(sql, database: database)
    }

    func load(_ files: String) async throws { try await client.load(files) }

    func check() async throws -> [CheckOutcome] {
        let arguments = ["--defaults-file=\(client.optionFile)", "--all-databases", "--check", "--extended"]
        let text = try await tools.command("mariadb-check", arguments).text()
        return [CheckReport(text).outcome]
    }

    func pins(like expected: [TablePin]) async throws -> [TablePin] {
        let dumped = expected.filter { $0.method == "dump-sha256" }
        let counted = expected.filter { $0.method == "rows" }
        return try await dumpPins(dumped) + rowPins(counted)
    }

    /// Dumps again with the same options, and hashes what would become files.
    private func dumpPins(_ expected: [TablePin]) async throws -> [TablePin] {
        if expected.isEmpty { return [] }
        let present = Set(try await client.column("SELECT schema_name FROM information_schema.schemata;"))
        let databases = Set(expected.map(\.database)).intersection(present).sorted()
        if databases.isEmpty { return [] }
        let version = try await tools.version(of: MariaDBSource.dumpTool)
        let noted = LogicalStream.Noted()
        let command = DumpOptions(version: version, hasBinaryLog: false)
            .command(tools, optionFile: client.optionFile, databases: databases)
        try await command.stream { output in
            let stream = LogicalStream(
                name: "", users: nil, started: .init(seconds: 0), input: { try output.read(into: $0) }, noted: noted,
                guide: { _ in "" })
            try await MariaDBScratch.lane.run {
                try stream.split(into: DumpFiles(root: [], sink: nil, modified: .init(seconds: 0)))
            }
        }
        let wanted = Set(expected.map { [$0.database, $0.table] })
        return noted.pins.filter { wanted.contains([$0.database, $0.table]) }
    }

    private func rowPins(_ expected: [TablePin]) async throws -> [TablePin] {
        if expected.isEmpty { return [] }
        let wanted = expected.map { "\($0.database).\($0.table)" }
        let tables = try await RowHash.tables(client, wanted: wanted)
        let script = tables.enumerated().map { RowHash.query($1, index: $0) }.joined()
        let rows = try await client.query(RowHash.session + script, timeout: nil)
        return rows.compactMap { RowHash.pin($0, of: tables) }
    }

    func stop() async throws {
        if server.isRunning {
            // The server is stopped whether or not the account can be dropped; the next start would replace it.
            let drop = "DROP USER IF EXISTS `\(MariaDBRestorer.scratchAccount)`@`localhost`;"
            _ = try? await client.query("SET SESSION sql_log_bin = 0; \(drop)")
        }
        unlink(client.optionFile)
        try await server.stop()
        try afterwards()
    }

    /// Ends it at once.
    func abandon() async {
        unlink(client.optionFile)
        await server.kill()
    }
}

/// What mariadb-check prints: a line a table that is sound; for others a name, then lines of type and text.
struct CheckReport {
    private var soundCount = 0
    private var complaints: [String] = []

    init(_ text: String) {
        var table = ""
        for line in text.split(separator: "\n") {
            if line.hasSuffix(" OK") {
                soundCount += 1
            } else if let colon = line.firstRange(of: " : ") ?? line.firstRange(of: ": ") {
                let kind = line[..<colon.lowerBound].trimmed.lowercased()
                let isFailure = kind == "error" || kind == "status" && !line.hasSuffix("OK")
                if isFailure { complaints.append("\(table): \(line[colon.upperBound...])") }
            } else {
                table = line.trimmed
            }
        }
    }

    var outcome: CheckOutcome {
        let message = complaints.isEmpty ? "\(soundCount) tables" : complaints.prefix(5).joined(separator: " / ")
        return CheckOutcome(name: "mariadb-check", isSound: complaints.isEmpty, message: message)
    }
}

extension Substring {
    fileprivate var trimmed: String {
        String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}
