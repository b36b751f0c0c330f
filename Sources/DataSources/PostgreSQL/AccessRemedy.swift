/// What lets an account in that a server refuses, told by what the server said.
struct AccessRemedy {
    private let settings: PostgreSQLSettings
    private var role: String { sqlName(settings.user) }

    init(_ settings: PostgreSQLSettings) { self.settings = settings }

    /// The statement, or the line for `pg_hba.conf`; `database` is what was connected to, nil for the usual one.
    func text(_ said: String, database: String? = nil) -> String {
        if said.contains("no pg_hba.conf entry") {
            return hostLine(database == "replication" ? "replication" : "all", said) + "; then SELECT pg_reload_conf()"
        }
        if said.contains("permission denied for database") {
            return "GRANT CONNECT ON DATABASE \(sqlName(database ?? settings.maintenanceDatabase)) TO \(role)"
        }
        if said.contains("is not permitted to log in") { return "ALTER ROLE \(role) LOGIN" }
        if said.contains("max_wal_senders") {
            return "ALTER SYSTEM SET max_wal_senders = 20; then restart the server"
        }
        // To a stranger the server does not say whether the role or its password is wrong.
        let right = settings.method == .physical ? "REPLICATION" : "IN ROLE pg_read_all_data"
        return "\\password \(settings.user) in psql sets another password, "
            + "CREATE ROLE \(role) LOGIN \(right) makes the account"
    }

    /// A line that lets the account in, from the address at which the server sees us.
    private func hostLine(_ database: String, _ said: String) -> String {
        let user =
            settings.user.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") } ? settings.user : role
        if settings.server.socket != nil {
            let way = settings.password == nil ? "peer" : "scram-sha-256"
            return "pg_hba.conf: local \(database) \(user) \(way)"
        }
        let address =
            said.components(between: "from host \"", and: "\"") ?? said.components(between: "for host \"", and: "\"")
        let place = address.map { $0.contains(":") ? "\($0)/128" : "\($0)/32" } ?? "samehost"
        return "pg_hba.conf: host \(database) \(user) \(place) scram-sha-256"
    }
}

extension String {
    /// What stands between two texts, the first time.
    fileprivate func components(between beginning: String, and end: String) -> String? {
        guard let start = firstRange(of: beginning) else { return nil }
        let rest = self[start.upperBound...]
        return rest.firstRange(of: end).map { String(rest[..<$0.lowerBound]) }
    }
}
