import Glibc
import Trees

extension MariaDBSource: LogSource {
    static let logTool = "mariadb-binlog"

    /// Needs BINLOG MONITOR. The position is asked for after the offset, so it stands there or further on.
    public func logState() async throws -> LogState {
        try await connected { server, _ in
            try requireLog(server)
            let rows = try await server.client.query(
                "SHOW MASTER STATUS; SELECT @@server_id, @@gtid_binlog_state, @@encrypt_binlog; SHOW BINARY LOGS;")
            guard rows.count >= 3, rows[0].count >= 2, let file = rows[0][0], let offset = UInt64(rows[0][1] ?? ""),
                rows[1].count == 3, let id = rows[1][0], let state = GTIDState(rows[1][1] ?? "")
            else {
                throw SourceError(.malformedStream, "the server does not say where its log stands", subject: subject)
            }
            if rows[1][2] == "1" {
                throw SourceError(
                    .versionUnsupported, "the binary log is encrypted (encrypt_binlog=ON)", subject: subject,
                    hint: "set encrypt_binlog=OFF and restart the server: the journal has a cipher of its own")
            }
            return LogState(
                server: id, oldestFile: rows[2].first ?? nil, currentFile: file, currentOffset: offset,
                position: state.description)
        }
    }

    private func requireLog(_ server: MariaDBServer) throws {
        guard !server.hasBinaryLog else { return }
        throw SourceError(
            .invalidSetting, "the server writes no binary log", subject: subject,
            hint: "[mariadbd] log_bin=binlog, server_id=1; then restart")
    }

    /// Needs REPLICATION SLAVE. The bytes are those of the server's own file, but for the mark in the first event that says that
    /// the file is in use: the server takes it out of what it sends, and it does not count in that event's checksum. So a file
    /// that is asked for twice has the same bytes.
    public func follow(first: String?, into folder: String) async throws {
        let file: String
        if let first { file = first } else { file = try await logState().currentFile }
        let options = try PrivateFolder(in: environment.temporaryFolder, "binlog")
        let optionFile = try await MariaDBTools.optionFile(
            for: settings.server, user: settings.user, password: settings.password, in: options)
        let said = SaidLines()
        var command = tools.command(
            MariaDBSource.logTool,
            [
                "--defaults-file=\(optionFile)", "--read-from-remote-server", "--raw", "--stop-never",
                "--stop-never-slave-server-id=\(followerID)", "--result-file=\(folder)/", file,
            ])
        command.report = { [report = command.report] line in
            said.add(line)
            report(line)
        }
        do {
            _ = try await command.run()
        } catch {
            if Task.isCancelled { throw CancellationError() }
            guard let error = error as? SourceError else { throw error }
            throw followFailure(error, said.all, file)
        }
        withExtendedLifetime(options) {}
        throw SourceError(
            .toolFailed, "\(MariaDBSource.logTool) ended, though it was to go on", subject: subject,
            hint: "it said: \(said.text)")
    }

    /// What tells our connection from other replicas: the same each time, so that the server ends one that was left behind when
    /// the next comes. At least 2^31, where no server of people's has its id.
    private var followerID: UInt32 {
        if let id = settings.followerID { return id }
        let text = "\(name) \(settings.user) \(settings.server.socket ?? "") \(settings.server.host)"
        // FNV-1a: any spread will do.
        let hash = text.utf8.reduce(0x811C_9DC5 as UInt32) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
        return hash | 0x8000_0000
    }

    private func followFailure(_ error: SourceError, _ lines: [String], _ file: String) -> SourceError {
        guard error.code == .toolFailed, let line = lines.last(where: { $0.contains("ERROR") }) else { return error }
        let has = { (text: String) in line.contains(text) }
        if has("Could not find first log file name") || has("Could not open log file") {
            return SourceError(
                .suspectContent, "the server has no binary log \(file) any more", subject: subject,
                hint: "take a new base; keep logs for longer: SET GLOBAL binlog_expire_logs_seconds = 604800;",
                cause: error)
        }
        if has("Access denied") {
            return SourceError(
                .accessDenied, "the server said: \(line)", subject: subject,
                hint: "GRANT REPLICATION SLAVE, BINLOG MONITOR ON *.* TO the account of the source", cause: error)
        }
        if has("Lost connection") || has("Failed on connect") || has("gone away") || has("shutdown") {
            return SourceError(.serverUnreachable, "the server said: \(line)", subject: subject, cause: error)
        }
        return SourceError(.toolFailed, "the server said: \(line)", subject: subject, hint: error.hint, cause: error)
    }

    public func logFiles(in folder: String) throws -> [LogFile] {
        let names = try FileTree.names(in: folder).filter { BinlogName($0) != nil }
        let sorted = names.sorted { (BinlogName($0)?.number ?? 0) < (BinlogName($1)?.number ?? 0) }
        return sorted.map { LogFile(name: $0, path: "\(folder)/\($0)", isComplete: $0 != sorted.last) }
    }

    public func logReader(file: String, position: String) -> any LogReader {
        BinlogLogReader(file: file, position: position)
    }
}

/// The name of a binary log: a base, a point and a number of six digits or more.
struct BinlogName: Hashable {
    let base: String
    let number: UInt64

    init?(_ name: String) {
        guard let point = name.lastIndex(of: "."), point != name.startIndex else { return nil }
        let digits = name[name.index(after: point)...]
        guard digits.utf8.count >= 6, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = UInt64(digits)
        else { return nil }
        base = String(name[..<point])
        self.number = number
    }
}
