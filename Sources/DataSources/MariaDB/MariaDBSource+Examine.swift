import Glibc

extension MariaDBSource {
    public func examine() async -> [Finding] {
        do {
            return try await connected { server, _ in
                var findings = [Finding(.good, "\(server.versionText) answers as \(server.account)")]
                findings += versionFindings(server)
                findings += await toolFindings(server)
                findings += await asked { try await privilegeFindings(server) }
                if settings.method == .physical { findings.append(dataFolderFinding(server)) }
                findings += await asked { try await settingFindings(server) }
                if settings.followsLog { findings += await asked { try await logFindings(server) } }
                findings += await asked { try await tableFindings(server) }
                return findings
            }
        } catch {
            return [Finding(.problem, line(error), remedy: (error as? SourceError)?.hint ?? "")]
        }
    }

    /// What cannot be asked is a finding.
    private func asked(_ body: () async throws -> [Finding]) async -> [Finding] {
        do { return try await body() } catch {
            return [Finding(.problem, line(error), remedy: (error as? SourceError)?.hint ?? "")]
        }
    }

    private func line(_ error: any Error) -> String {
        guard let error = error as? SourceError else { return "\(error)" }
        return error.subject == subject ? error.message : "\(error.subject): \(error.message)"
    }

    private func versionFindings(_ server: MariaDBServer) -> [Finding] {
        switch server.version.standing {
        case .supported: return []
        case .expected:
            return [Finding(.warning, "MariaDB \(server.version) is expected to work, our tests do not run it")]
        case .unknown:
            return [
                Finding(
                    environment.acceptsUntested ? .warning : .problem, "MariaDB \(server.version) was never tried",
                    remedy: "--accept-untested")
            ]
        case .refused(let why): return [Finding(.problem, "MariaDB \(server.version) is refused: \(why)")]
        }
    }

    private func toolFindings(_ server: MariaDBServer) async -> [Finding] {
        let name = settings.method == .physical ? MariaDBSource.backupTool : MariaDBSource.dumpTool
        return await asked { [Finding(.good, "\(name) is of \(try await fittingVersion(of: name, server))")] }
    }

    private func privilegeFindings(_ server: MariaDBServer) async throws -> [Finding] {
        let databases = settings.method == .logical ? try await server.databases(settings.databases) : []
        var missing = try await server.missingPrivileges(for: settings.method, databases: databases)
        if settings.followsLog {
            let known = Set(missing.map(\.name))
            missing += try await server.privileges().missingForLog.filter { !known.contains($0.name) }
        }
        guard !missing.isEmpty else { return [Finding(.good, "\(server.account) has the privileges it needs")] }
        return missing.map { Finding(.problem, "\(server.account) lacks \($0.name)", remedy: $0.grant) }
    }

    private func dataFolderFinding(_ server: MariaDBServer) -> Finding {
        guard access(server.dataFolder, R_OK | X_OK) == 0 else {
            return Finding(
                .problem, "the data folder \(server.dataFolder) cannot be read: \(errorText(errno))",
                remedy: "run the backup on the server's machine, as root or as \(settings.systemUser)")
        }
        return Finding(.good, "the data folder \(server.dataFolder) can be read")
    }

    // MARK: What a promised RPO needs

    /// Variable, value that is wanted, and what another means.
    private static let wanted = [
        ("binlog_format", "ROW", "replaying statements may give other rows"),
        ("binlog_row_image", "FULL", "rows cannot be followed back from the binary log"),
        ("sync_binlog", "1", "a crash may lose the last transactions of the binary log"),
        ("innodb_flush_log_at_trx_commit", "1", "a crash may lose the last transactions"),
        ("gtid_strict_mode", "ON", "positions may go back after a mistake"),
    ]

    private func settingFindings(_ server: MariaDBServer) async throws -> [Finding] {
        guard server.hasBinaryLog else {
            return [
                Finding(
                    settings.followsLog ? .problem : .warning,
                    "log_bin is OFF: no position, and nothing between two backups can be restored",
                    remedy: "[mariadbd] log_bin=binlog, server_id=1; then restart")
            ]
        }
        let rows = try await server.client.query("SHOW GLOBAL VARIABLES;")
        var values = [String: String]()
        for row in rows where row.count == 2 { values[row[0] ?? ""] = row[1] ?? "" }
        var findings = MariaDBSource.wanted.map { name, wanted, meaning in
            let value = values[name] ?? "not known"
            guard value != wanted else { return Finding(.good, "\(name) is \(wanted)") }
            return Finding(.warning, "\(name) is \(value): \(meaning)", remedy: "SET GLOBAL \(name) = \(wanted);")
        }
        if settings.followsLog, values["encrypt_binlog"] == "ON" {
            findings.append(
                Finding(
                    .problem, "encrypt_binlog is ON: the log cannot be followed",
                    remedy: "[mariadbd] encrypt_binlog=OFF; then restart"))
        }
        // Both name one setting, in days and in seconds; 0 keeps all.
        let days = Double(values["expire_logs_days"] ?? "") ?? 0
        let seconds = Double(values["binlog_expire_logs_seconds"] ?? "") ?? days * 86_400
        if seconds > 0, seconds < 86_400 {
            findings.append(
                Finding(
                    .warning, "binlog_expire_logs_seconds is \(Int(seconds)): logs go before the next day's backup",
                    remedy: "SET GLOBAL binlog_expire_logs_seconds = 604800;"))
        }
        return findings
    }

    /// A history that begins with a restore in place wants to know where the log is.
    private func logFindings(_ server: MariaDBServer) async throws -> [Finding] {
        let path = try await server.client.value("SELECT @@log_bin_basename;") ?? ""
        guard !path.isEmpty else { return [] }
        let known = try await MariaDBRestorer(settings: settings, environment: environment).liveLog()
        let full = known.map { $0.hasPrefix("/") ? $0 : "\(settings.dataFolder)/\($0)" }
        guard full != path else { return [Finding(.good, "the log is \(path)")] }
        return [
            Finding(
                .warning,
                "the server's log is \(path), which is not what is known here: it cannot be restored in place",
                remedy: "give the source `log-bin: \(path)`, and `data-folder:` as the server has it")
        ]
    }

    private func tableFindings(_ server: MariaDBServer) async throws -> [Finding] {
        let own = "t.table_schema NOT IN ('mysql','information_schema','performance_schema','sys')"
        let plain = try await server.client.column(
            """
            SELECT CONCAT(t.table_schema, '.', t.table_name, ' (', t.engine, ')') FROM information_schema.tables t
            WHERE \(own) AND t.table_type = 'BASE TABLE' AND t.engine NOT IN (SELECT engine FROM information_schema.engines
            WHERE transactions = 'YES') ORDER BY 1 LIMIT 20;
            """)
        let keyless = try await server.client.column(
            """
            SELECT CONCAT(t.table_schema, '.', t.table_name) FROM information_schema.tables t
            WHERE \(own) AND t.table_type = 'BASE TABLE' AND NOT EXISTS (SELECT 1 FROM information_schema.statistics s
            WHERE s.table_schema = t.table_schema AND s.table_name = t.table_name AND s.index_name = 'PRIMARY')
            ORDER BY 1 LIMIT 20;
            """)
        let name = { (entry: String) in entry.split(separator: " (").first.map(String.init) ?? entry }
        let rounded = settings.method == .logical ? try await roundedColumns(server) : []
        return rounded
            + plain.map { entry in
                Finding(
                    .warning, "table \(entry) has no transactions: a logical backup may hold it half changed",
                    remedy: "ALTER TABLE \(name(entry)) ENGINE=InnoDB;")
            }
            + keyless.map { entry in
                Finding(
                    .warning, "table \(entry) has no primary key: its dump has no fixed order, its rows replay slowly",
                    remedy: "add a primary key to \(entry)")
            }
    }

    /// mariadb-dump writes a FLOAT with six digits, which is not always the value that was stored.
    private func roundedColumns(_ server: MariaDBServer) async throws -> [Finding] {
        let columns = try await server.client.column(
            """
            SELECT CONCAT(table_schema, '.', table_name, '.', column_name) FROM information_schema.columns
            WHERE data_type = 'float' AND table_schema NOT IN ('mysql','information_schema','performance_schema','sys')
            ORDER BY 1 LIMIT 20;
            """)
        guard !columns.isEmpty else { return [] }
        return [
            Finding(
                .warning, "a dump rounds FLOAT to six digits: \(columns.joined(separator: ", "))",
                remedy: "method: physical keeps every bit; or make them DOUBLE")
        ]
    }
}
