import Glibc
import ObjectStore
import Trees

/// Reads the files of a cluster with `pg_basebackup`.
struct PhysicalBackup: Sendable {
    /// How often it is tried to put pipes in the way of the tool, see `BaseBackupPipes`.
    private static let attempts = 10

    private let source: PostgreSQLSource
    private let server: PostgreSQLServer

    init(_ source: PostgreSQLSource, _ server: PostgreSQLServer) {
        self.source = source
        self.server = server
    }

    func read(_ archive: @escaping @Sendable (SourceContent) async throws -> Void) async throws -> SourceReading {
        let tool = try await server.checkTool("pg_basebackup")
        let from = source.environment.now()
        let names = try await RelationNameList.file(server, report: source.environment.report)
        let facts: BaseBackupFacts
        do {
            facts =
                server.tablespaces.isEmpty
                ? try await readPlain(tool, names, archive) : try await readTablespaces(tool, names, archive)
        } catch let error as SourceError {
            throw PostgreSQLClient.explained(error, server: server.client.name)
        }
        var position = SourcePosition()
        position.startLSN = facts.label.start.description
        position.endLSN = facts.end.description
        position.timeline = facts.label.timeline
        position.systemIdentifier = server.systemIdentifier
        var reading = SourceReading(
            method: "physical", position: position, consistentFrom: from.rfc3339,
            consistentTo: source.environment.now().rfc3339)
        reading.serverVersion = server.version.description
        reading.toolVersion = tool.description
        return reading
    }

    private func command(_ target: String, _ more: [String] = []) -> ToolCommand {
        var command = server.client.command(
            "pg_basebackup", ["-D", target, "-F", "tar", "-X", "fetch", "-c", "fast", "-l", "lifeboat"] + more)
        command.report = source.environment.report
        command.consequence = ", so its output is no backup"
        return command
    }

    /// One archive, straight from the tool's output.
    private func readPlain(
        _ tool: PostgreSQLVersion, _ names: [UInt8]?,
        _ archive: @escaping @Sendable (SourceContent) async throws -> Void
    ) async throws -> BaseBackupFacts {
        try await command("-").stream { output in
            let stream = BaseBackupStream(source, server, tool: tool, names: names) { taker in
                try taker.take(BaseArchive(tablespace: nil) { try output.read(into: $0) })
            }
            try await archive(.stream(stream))
            return try proven(stream)
        }
    }

    /// One archive a tablespace, through pipes in a folder of ours.
    private func readTablespaces(
        _ tool: PostgreSQLVersion, _ names: [UInt8]?,
        _ archive: @escaping @Sendable (SourceContent) async throws -> Void
    ) async throws -> BaseBackupFacts {
        let parent = try FileTree.makeTemporaryFolder(in: source.environment.temporaryFolder, "pg")
        defer { FileTree.remove(parent) }
        let lane = BlockingLane(name: "pipes", threadCount: 1)
        for attempt in 1...PhysicalBackup.attempts {
            let pipes = BaseBackupPipes(
                folder: "\(parent)/\(attempt)", tablespaces: server.tablespaces.map(\.oid), subject: server.client.name)
            do {
                return try await command(pipes.folder, ["--no-sync"]).stream { output in
                    try await lane.run { try pipes.plant(output) }
                    let stream = BaseBackupStream(source, server, tool: tool, names: names) { taker in
                        try pipes.deliver(output, to: taker, at: source.path("data", "backup_manifest"))
                    }
                    try await archive(.stream(stream))
                    return try proven(stream)
                }
            } catch is BaseBackupPipes.TooLate {
                source.environment.report("pg_basebackup was faster than its pipes were made; once more")
            }
        }
        throw SourceError(
            .failed, "no pipes could be put in the way of pg_basebackup in \(PhysicalBackup.attempts) attempts",
            subject: server.client.name, hint: "is this machine very busy? try again, or use the method logical")
    }

    private func proven(_ stream: BaseBackupStream) throws -> BaseBackupFacts {
        guard let facts = stream.facts else {
            throw SourceError(.failed, "the content was not archived", subject: server.client.name)
        }
        return facts
    }
}
