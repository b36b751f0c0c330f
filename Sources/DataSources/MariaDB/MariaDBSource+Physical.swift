import Trees

extension MariaDBSource {
    static let backupTool = "mariadb-backup"

    /// Its table files. What the tool copies while others write is made consistent by its log when it is prepared, at the
    /// restore; so the moment is where the tool ended, and no table is locked for longer than it takes to read that position.
    func readPhysical(
        _ server: MariaDBServer, _ folder: PrivateFolder,
        _ archive: @escaping @Sendable (SourceContent) async throws -> Void
    ) async throws -> SourceReading {
        let tool = try await fittingVersion(of: MariaDBSource.backupTool, server)
        try await requirePrivileges(server, databases: [])
        let start = environment.now()
        let noted = PhysicalStream.Noted()
        let command = backupCommand(server, folder)
        let (name, settings) = (name, settings)
        let guide = RestoreGuide(name: name, serverVersion: server.versionText, toolVersion: tool.text)
        try await command.stream { output in
            let stream = PhysicalStream(
                name: name, dataFolder: server.dataFolder, usesSmallBlocks: settings.usesSmallBlocks,
                owner: SystemAccount(named: settings.systemUser), started: start, input: { try output.read(into: $0) },
                noted: noted, guide: { guide.physical(BackupPosition.position(in: $0)) })
            try await archive(.stream(stream))
        }
        var reading = reading(server, tool, from: start)
        reading.position = server.hasBinaryLog ? BackupPosition.position(in: noted) : nil
        if !server.hasBinaryLog { reading.warnings.append("the server writes no binary log: there is no position") }
        return reading
    }

    private func backupCommand(_ server: MariaDBServer, _ folder: PrivateFolder) -> ToolCommand {
        var command = tools.command(
            MariaDBSource.backupTool,
            [
                "--defaults-file=\(server.client.optionFile)", "--backup", "--stream=xbstream", "--parallel=2",
                "--extra-lsndir=\(folder.path)/lsn", "--target-dir=\(folder.path)/target",
                "--datadir=\(server.dataFolder)",
            ])
        command.consequence = ", so there is no backup of \(name)"
        command.complaint = { lines in
            lines.last?.hasSuffix("completed OK!") == true ? nil : "exited with 0 but did not say `completed OK!`"
        }
        return command
    }
}

/// Where a physical backup stands, from its own metadata.
enum BackupPosition {
    /// From `xtrabackup_binlog_info`: file, offset and GTIDs, separated by tabs; else from the line `binlog_pos` of
    /// `xtrabackup_info`.
    static func position(in noted: PhysicalStream.Noted) -> SourcePosition {
        var position = SourcePosition()
        if let text = noted["xtrabackup_binlog_info"] {
            let fields = text.split(whereSeparator: { "\t\n".contains($0) }).map(String.init)
            guard fields.count >= 2 else { return position }
            position.binlogFile = fields[0]
            position.binlogOffset = UInt64(fields[1])
            position.gtid = fields.count > 2 ? fields[2] : ""
        } else if let line = noted["xtrabackup_info"]?.split(separator: "\n").first(where: {
            $0.hasPrefix("binlog_pos")
        }) {
            let fields = line.split(separator: "'", omittingEmptySubsequences: false).map(String.init)
            guard fields.count >= 5 else { return position }
            position.binlogFile = fields[1]
            position.binlogOffset = UInt64(fields[3])
            position.gtid = fields.count > 5 ? fields[5] : ""
        }
        return position
    }
}
