import Chunking
import Synchronization
import Trees

/// Reads the rows of a cluster with `pg_dump`.
struct LogicalBackup: Sendable {
    private let source: PostgreSQLSource
    private let server: PostgreSQLServer

    init(_ source: PostgreSQLSource, _ server: PostgreSQLServer) {
        self.source = source
        self.server = server
    }

    func read(_ archive: @escaping @Sendable (SourceContent) async throws -> Void) async throws -> SourceReading {
        let tool = try await server.checkTool("pg_dump")
        let databases = try await databases()
        let canReadPasswords =
            try await server.client.value(
                "SELECT has_table_privilege('pg_catalog.pg_authid', 'SELECT')") == "t"
        let runner = ToolRunner()
        let stream = DumpStream(
            source, server, databases: databases, keepsPasswords: canReadPasswords, runner: runner)
        let from = source.environment.now()
        do {
            try await withTaskCancellationHandler {
                try await archive(.stream(stream))
            } onCancel: {
                runner.cancel()
            }
        } catch let error as SourceError {
            throw PostgreSQLClient.explained(error, server: server.client.name)
        }
        guard let facts = stream.facts else {
            throw SourceError(.failed, "the content was not archived", subject: server.client.name)
        }
        var reading = SourceReading(
            method: "logical", position: facts.position, consistentFrom: from.rfc3339,
            consistentTo: source.environment.now().rfc3339)
        reading.serverVersion = server.version.description
        reading.toolVersion = tool.description
        reading.pins = facts.pins
        reading.warnings = warnings(databases, canReadPasswords)
        return reading
    }

    private func databases() async throws -> [String] {
        let there = try await server.client.rows(
            "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname"
        ).compactMap { $0[0] }
        if source.settings.databases.isEmpty { return there }
        if let missing = source.settings.databases.first(where: { !there.contains($0) }) {
            throw SourceError(
                .suspectContent, "the database \(missing) is not there", subject: server.client.name,
                hint: "there are: \(there.joined(separator: ", "))")
        }
        return source.settings.databases
    }

    private func warnings(_ databases: [String], _ keepsPasswords: Bool) -> [String] {
        var warnings = [String]()
        if databases.count > 1 {
            warnings.append(
                "PostgreSQL has no snapshot of several databases: each of the \(databases.count) is of a moment of its own"
            )
        }
        if !keepsPasswords {
            warnings.append(
                "the passwords of roles are not in it: \(source.settings.user) may not read pg_authid, set them anew after a restore"
            )
        }
        return warnings
    }
}

/// The dumps of all databases as something that can be backed up.
final class DumpStream: StreamSource {
    struct Facts: Sendable {
        var position = SourcePosition()
        var pins = [TablePin]()
    }

    private let source: PostgreSQLSource
    private let server: PostgreSQLServer
    private let databases: [String]
    private let keepsPasswords: Bool
    private let runner: ToolRunner
    private let found = Mutex<Facts?>(nil)

    init(
        _ source: PostgreSQLSource, _ server: PostgreSQLServer, databases: [String], keepsPasswords: Bool,
        runner: ToolRunner
    ) {
        self.source = source
        self.server = server
        self.databases = databases
        self.keepsPasswords = keepsPasswords
        self.runner = runner
    }

    /// What was dumped; nil until all of it is.
    var facts: Facts? { found.withLock { $0 } }

    func stream(into sink: any StreamSink) throws {
        var facts = Facts()
        let passwords = keepsPasswords ? [] : ["--no-role-passwords"]
        try keep("globals.sql", ["--globals-only", "--no-tablespaces"] + passwords, in: sink)
        try keep("tablespaces.sql", ["--tablespaces-only"], in: sink)
        for database in databases { try dump(database, into: sink, &facts) }
        let record = SnapshotRecord(
            method: .logical, version: server.version.description, major: server.version.major,
            superuser: server.superuser, systemIdentifier: server.systemIdentifier,
            startLSN: facts.position.startLSN ?? "", endLSN: facts.position.endLSN ?? "",
            timeline: facts.position.timeline ?? 0, databases: databases,
            tablespaces: server.tablespaces.map { .init(oid: $0.oid, location: $0.location) })
        try record.write(into: sink, source)
        found.withLock { $0 = facts }
    }

    /// Writes what `pg_dumpall` says about things that belong to no database.
    private func keep(_ name: String, _ arguments: [String], in sink: any StreamSink) throws {
        let command = command("pg_dumpall", server.client.maintenanceDatabase, arguments)
        let bytes = try runner.run(command) { output in
            var bytes = [UInt8]()
            while case let more = try output.read(upTo: 1 << 18), !more.isEmpty {
                bytes += more
                guard bytes.count <= 1 << 28 else { break }
            }
            return bytes
        }
        guard bytes.suffix(200).ranges(of: "-- PostgreSQL database cluster dump complete".utf8).count == 1 else {
            throw SourceError(.toolFailed, "pg_dumpall ended without its last line", subject: server.client.name)
        }
        try sink.file(
            source.path(name), source.metadata(byteCount: bytes.count), chunking: .dump,
            holding: GlobalsText.withoutSuperuser(bytes, server.superuser))
    }

    private func dump(_ database: String, into sink: any StreamSink, _ facts: inout Facts) throws {
        let files = PostgreSQLDumpFiles(source, sink, database: database)
        try PostgreSQLSession.run(server.client, database: database, on: runner) { session in
            let moment = try SnapshotMoment(session, isStandby: server.isStandby)
            let exported = try session.ask("SELECT pg_export_snapshot()").first?.first ?? nil
            guard let exported else {
                throw SourceError(.malformedStream, "the server exported no snapshot", subject: server.client.name)
            }
            // Databases that every cluster has cannot be created; pg_dumpall does the same.
            let creates = ["postgres", "template1"].contains(database) ? [] : ["--create"]
            let command = command(
                "pg_dump", database, ["--snapshot=\(exported)", "--lock-wait-timeout=60000"] + creates)
            try runner.run(command) { output in
                try PostgreSQLDumpSplitter(files, subject: "pg_dump of \(database)").read { try output.read(into: $0) }
            }
            facts.position.merge(moment, of: server)
        }
        try files.finish()
        facts.pins += files.pins
    }

    private func command(_ program: String, _ database: String, _ arguments: [String]) -> ToolCommand {
        var command = server.client.command(program, database: database, arguments)
        command.report = source.environment.report
        command.consequence = ", so its output is no backup"
        return command
    }
}

/// Globals as they can be loaded into a new cluster.
enum GlobalsText {
    /// The role that made the cluster is there already, so the line that would make it is only a comment.
    static func withoutSuperuser(_ bytes: [UInt8], _ superuser: String) -> [UInt8] {
        commented(bytes) { line in
            names(superuser).contains { line.elementsEqual("CREATE ROLE \($0);".utf8) }
        }
    }

    /// The lines that would make a role, or change what it may and its password, are only comments.
    static func without(_ role: String, _ bytes: [UInt8]) -> [UInt8] {
        commented(withoutSuperuser(bytes, role)) { line in
            names(role).contains { line.starts(with: "ALTER ROLE \($0) WITH ".utf8) }
        }
    }

    /// A name with the quotes that it may or may not need.
    private static func names(_ role: String) -> [String] { [role, sqlName(role)] }

    private static func commented(_ bytes: [UInt8], where isUnwanted: (ArraySlice<UInt8>) -> Bool) -> [UInt8] {
        let lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { line in
            isUnwanted(line) ? Array("-- ".utf8) + line : Array(line)
        }
        return Array(lines.joined(separator: [UInt8(0x0A)]))
    }
}
