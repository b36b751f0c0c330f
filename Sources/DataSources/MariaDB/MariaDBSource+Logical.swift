import Trees

extension MariaDBSource {
    static let dumpTool = "mariadb-dump"

    /// Its rows as SQL, all as they were when one read-only transaction began.
    func readLogical(
        _ server: MariaDBServer, _ folder: PrivateFolder,
        _ archive: @escaping @Sendable (SourceContent) async throws -> Void
    ) async throws -> SourceReading {
        let tool = try await fittingVersion(of: MariaDBSource.dumpTool, server)
        let databases = try await server.databases(settings.databases)
        try await requirePrivileges(server, databases: databases)
        let (users, warnings) = try await users(server)
        let start = environment.now()
        let noted = LogicalStream.Noted()
        var command = DumpOptions(version: tool, hasBinaryLog: server.hasBinaryLog)
            .command(tools, optionFile: server.client.optionFile, databases: databases)
        command.consequence = ", so there is no backup of \(name)"
        let name = name
        let guide = RestoreGuide(name: name, serverVersion: server.versionText, toolVersion: tool.text)
        let hasUsers = users != nil
        try await command.stream { output in
            let stream = LogicalStream(
                name: name, users: users, started: start, input: { try output.read(into: $0) }, noted: noted,
                guide: { guide.logical($0, hasUsers: hasUsers) })
            try await archive(.stream(stream))
        }
        var reading = reading(server, tool, from: start)
        reading.position = server.hasBinaryLog ? noted.position : nil
        reading.pins = noted.pins
        reading.warnings = warnings
        if !server.hasBinaryLog { reading.warnings.append("the server writes no binary log: there is no position") }
        return reading
    }

    /// Accounts and grants as SQL, and what could not be read of them. They are no part of the databases, so that one which
    /// cannot be told is a warning: a server without name resolution, for one, cannot show accounts of named hosts.
    private func users(_ server: MariaDBServer) async throws -> ([UInt8]?, [String]) {
        let said = SaidLines()
        var command = tools.command(
            MariaDBSource.dumpTool,
            [
                "--defaults-file=\(server.client.optionFile)", "--system=users", "--insert-ignore", "--force",
                "--skip-dump-date",
            ])
        command.acceptedExitCodes = [2]
        command.report = { said.add($0) }
        do {
            let bytes = try await command.run()
            let text = String(decoding: bytes.suffix(64), as: UTF8.self)
            guard text.hasSuffix("-- Dump completed\n"), bytes.count > 0 else {
                throw SourceError(.malformedStream, "the list of accounts is cut short", subject: subject)
            }
            let hasAccounts = DumpText.contains(bytes, "CREATE USER")
            let warnings = said.all.map { "an account is not in the backup: \($0)" }
            return (hasAccounts ? bytes : nil, warnings)
        } catch let error as SourceError where error.code != .toolMissing {
            let grant = "GRANT SELECT ON mysql.* TO \(try await server.privileges().quotedAccount);"
            return (nil, ["accounts and grants are not in the backup: \(error.message) (\(grant))"])
        }
    }
}

/// The options of mariadb-dump, the same for a backup and for counting what was restored.
struct DumpOptions {
    let version: MariaDBVersion
    let hasBinaryLog: Bool

    func command(_ tools: MariaDBTools, optionFile: String, databases: [String]) -> ToolCommand {
        var arguments = [
            "--defaults-file=\(optionFile)", "--single-transaction", "--quick", "--routines", "--events", "--triggers",
            "--hex-blob", "--order-by-primary", "--skip-dump-date", "--default-character-set=utf8mb4",
            "--net-buffer-length=1046528", "--max-allowed-packet=1G", "--opt", "--comments", "--tz-utc",
        ]
        if hasBinaryLog { arguments += ["--master-data=2", "--gtid"] }
        // History of system-versioned tables; older tools cannot, and write their present rows.
        if !version.series.lexicographicallyPrecedes([10, 11]) { arguments.append("--dump-history") }
        return tools.command(MariaDBSource.dumpTool, arguments + ["--databases", "--"] + databases)
    }
}
