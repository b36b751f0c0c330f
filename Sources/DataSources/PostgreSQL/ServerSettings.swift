import Glibc
import Trees

/// Settings of a private server, given on its command line so that they win over the origin's, `postgresql.auto.conf` too.
struct ServerSettings {
    let values: [String: String]

    init(
        _ restorer: PostgreSQLRestorer, data: String, run: String, port: Int, limits: [String: String],
        more: [String: String] = [:]
    ) {
        var values = [
            // The origin's own may lie elsewhere (Debian), and would name files that are not here.
            "config_file": "\(run)/postgresql.conf", "hba_file": "\(run)/pg_hba.conf",
            "ident_file": "\(run)/pg_ident.conf", "data_directory": data,
            "listen_addresses": "127.0.0.1", "port": String(port), "unix_socket_directories": run,
            "external_pid_file": "", "ssl": "off", "logging_collector": "off", "log_destination": "stderr",
            // Nothing leaves it, nothing follows another.
            "archive_mode": "off", "archive_command": "", "primary_conninfo": "", "primary_slot_name": "",
            "synchronous_standby_names": "", "archive_cleanup_command": "", "recovery_end_command": "",
            "max_logical_replication_workers": "0", "cluster_name": "lifeboat",
            // A base is ready when it is recovered, not before.
            "hot_standby": "off", "restore_command": "false", "recovery_target_action": "promote",
        ]
        for name in ["", "_name", "_time", "_xid", "_lsn"] { values["recovery_target\(name)"] = "" }
        values["recovery_target_timeline"] = "latest"
        values.merge(limits) { $1 }
        values.merge(restorer.recovery) { $1 }
        values.merge(more) { $1 }
        self.values = values
    }

    /// Arguments of the server. The target of a recovery comes last: any that is named behind it, even as none, is a second one
    /// to PostgreSQL.
    var arguments: [String] {
        func isTarget(_ name: String) -> Bool { name.hasPrefix("recovery_target") && values[name] != "" }
        let names = values.keys.sorted()
        return (names.filter { !isTarget($0) } + names.filter(isTarget)).flatMap {
            ["-c", "\($0)=\(values[$0] ?? "")"]
        }
    }

    /// Writes the files that `values` name, and opens the folder to the account.
    static func writeFiles(run: String, account: SystemAccount?) throws {
        try FileTree.makeFolder(run)
        // Who can reach the socket is decided by the folder, 0700; loopback asks for the origin's passwords.
        let hosts = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        for (name, text) in [("postgresql.conf", ""), ("pg_hba.conf", hosts), ("pg_ident.conf", "")] {
            try SmallFile.write("\(run)/\(name)", Array(text.utf8))
            if let account { try FileTree.give("\(run)/\(name)", to: account) }
        }
        guard chmod(run, 0o700) == 0 else { throw FileTree.failure("cannot close it to others", run) }
        if let account, lchown(run, account.userID, account.groupID) != 0 {
            throw FileTree.failure("cannot give it to \(account.name)", run)
        }
    }
}

/// What `pg_controldata` says of limits that a recovery must not be below.
enum ControlData {
    private static let names = [
        "max_connections setting": "max_connections", "max_worker_processes setting": "max_worker_processes",
        "max_wal_senders setting": "max_wal_senders", "max_prepared_xacts setting": "max_prepared_transactions",
        "max_locks_per_xact setting": "max_locks_per_transaction",
    ]

    static func limits(_ restorer: PostgreSQLRestorer, folder: String?, data: String) async throws -> [String: String] {
        let text = try await ToolCommand(
            restorer.tool("pg_controldata", folder), ["-D", data], variables: restorer.variables
        ).text(timeout: .seconds(60))
        var limits = ["wal_level": "replica"]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            let value = parts[1].drop { $0 == " " }
            if parts[0] == "wal_level setting", value == "logical" { limits["wal_level"] = "logical" }
            if let name = names[String(parts[0])], UInt32(value) != nil { limits[name] = String(value) }
        }
        return limits
    }
}
