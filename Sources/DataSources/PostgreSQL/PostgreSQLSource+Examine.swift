extension PostgreSQLSource {
    /// Looks at the server: can it be reached, may the account do what it must, do the settings keep what is promised.
    public func examine() async -> [Finding] {
        let server: PostgreSQLServer
        do {
            server = try await PostgreSQLServer.reach(settings, environment)
        } catch {
            return [unreachable(error)]
        }
        var findings = [Finding(.good, "\(server.client.name) answers, version \(server.version)")]
        do {
            let look = Examination(settings: settings, server: server)
            findings += await look.tools()
            findings += try await look.settings()
            findings +=
                settings.method == .physical ? try await look.replication() + look.slots() : try await look.rights()
            findings += try await look.tables()
        } catch {
            findings.append(Finding(.problem, "the server could not be asked: \(text(error))"))
        }
        return findings
    }

    private func unreachable(_ error: any Error) -> Finding {
        guard let error = error as? SourceError else { return Finding(.problem, "\(error)") }
        switch error.code {
        case .accessDenied:
            return Finding(
                .problem, "the server refuses \(settings.user): \(error.hint)",
                remedy: AccessRemedy(settings).text(error.hint))
        case .toolMissing:
            return Finding(.problem, error.message, remedy: "apt install postgresql-client")
        default: return Finding(.problem, text(error), remedy: error.hint)
        }
    }

    private func text(_ error: any Error) -> String {
        guard let error = error as? SourceError else { return "\(error)" }
        return error.hint.isEmpty ? error.message : "\(error.message); \(error.hint)"
    }
}

/// The questions of `examine`.
struct Examination {
    let settings: PostgreSQLSettings
    let server: PostgreSQLServer
    private var client: PostgreSQLClient { server.client }
    private var role: String { sqlName(settings.user) }

    init(settings: PostgreSQLSettings, server: PostgreSQLServer) {
        self.settings = settings
        self.server = server
    }

    // MARK: Tools

    func tools() async -> [Finding] {
        var findings = [Finding]()
        for program in settings.method == .physical ? ["pg_basebackup"] : ["pg_dump", "pg_dumpall"] {
            do {
                let version = try await server.checkTool(program)
                findings.append(Finding(.good, "\(program) is \(version)"))
            } catch {
                let said = (error as? SourceError).map { ($0.message, $0.hint) } ?? ("\(error)", "")
                findings.append(
                    Finding(
                        .problem, "\(program): \(said.0)",
                        remedy: "apt install postgresql-client-\(server.version.major)"))
            }
        }
        return findings
    }

    // MARK: Settings

    func settings() async throws -> [Finding] {
        let rows = try await client.rows("SELECT name, setting FROM pg_settings")
        let values = Dictionary(rows.map { ($0[0] ?? "", $0[1] ?? "") }, uniquingKeysWith: { $1 })
        func set(_ name: String, _ value: String) -> String { "ALTER SYSTEM SET \(name) = \(value)" }
        var findings = [Finding]()
        func want(_ name: String, _ severity: Finding.Severity, _ value: String, _ why: String, restart: Bool = false) {
            guard let now = values[name] else { return }
            if now == value { return findings.append(Finding(.good, "\(name) is \(now)")) }
            let then = restart ? "; then restart the server" : "; SELECT pg_reload_conf()"
            findings.append(Finding(severity, "\(name) is \(now): \(why)", remedy: set(name, value) + then))
        }
        want("full_page_writes", .problem, "on", "a base that is taken meanwhile can hold torn pages")
        want("fsync", .warning, "on", "a crash of the machine can lose the database")
        want("synchronous_commit", .warning, "on", "a crash can lose what was acknowledged")
        if values["data_checksums"] == "off" {
            findings.append(
                Finding(
                    .warning, "data_checksums is off: broken pages are backed up without notice",
                    remedy: "stop the server, then: pg_checksums --enable -D \(settings.dataFolder)"))
        } else {
            findings.append(Finding(.good, "data_checksums is on"))
        }
        if settings.method == .physical {
            if values["wal_level"] == "minimal" {
                findings.append(
                    Finding(
                        .problem, "wal_level is minimal: no base can be taken",
                        remedy: set("wal_level", "replica") + "; then restart the server"))
            }
            if let senders = values["max_wal_senders"].flatMap({ Int($0) }), senders < 2 {
                findings.append(
                    Finding(
                        senders == 0 ? .problem : .warning,
                        "max_wal_senders is \(senders): a base and a journal want one each",
                        remedy: set("max_wal_senders", "10") + "; then restart the server"))
            }
            if values["max_replication_slots"] == "0" {
                findings.append(
                    Finding(
                        .warning, "max_replication_slots is 0: a journal wants one, to be sent all of the log",
                        remedy: set("max_replication_slots", "10") + "; then restart the server"))
            }
            if values["max_slot_wal_keep_size"] == "-1" {
                findings.append(
                    Finding(
                        .warning, "max_slot_wal_keep_size is -1: a journal that is dead fills the disk of the server",
                        remedy: set("max_slot_wal_keep_size", "'10GB'") + "; SELECT pg_reload_conf()"))
            }
            findings.append(
                Finding(
                    .good, "archive_mode is \(values["archive_mode"] ?? "unknown"): bases bring the log they need along"
                ))
        }
        return findings
    }

    // MARK: Rights

    func replication() async throws -> [Finding] {
        let sql = "SELECT rolreplication OR rolsuper FROM pg_roles WHERE rolname = current_user"
        guard try await client.value(sql) == "t" else {
            return [
                Finding(
                    .problem, "\(settings.user) may not take a base: it lacks REPLICATION",
                    remedy: "ALTER ROLE \(role) REPLICATION")
            ]
        }
        do {
            var probe = client.command("psql", ["-qXAt", "-c", "IDENTIFY_SYSTEM"])
            probe.arguments += ["-d", "replication=true"]
            _ = try await probe.run(timeout: .seconds(30))
            return [Finding(.good, "\(settings.user) may take a base")]
        } catch let error as SourceError {
            return [
                Finding(
                    .problem, "the server takes no replication connection from \(settings.user): \(error.hint)",
                    remedy: AccessRemedy(settings).text(error.hint, database: "replication"))
            ]
        }
    }

    /// Slots that nobody receives from: the server keeps log for each, until its disk is full.
    func slots() async throws -> [Finding] {
        let sql = """
            SELECT slot_name, coalesce(wal_status, ''), coalesce(pg_size_pretty(pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery()
            THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, restart_lsn)), 'none')
            FROM pg_replication_slots WHERE NOT active AND NOT temporary ORDER BY 1
            """
        return try await client.rows(sql).map { row in
            let (name, status, kept) = (row[0] ?? "", row[1] ?? "", row[2] ?? "")
            let what = status == "lost" ? "its log is given up" : "the server keeps log for it (\(kept))"
            return Finding(
                .warning, "nobody receives from the replication slot \(name): \(what)",
                remedy: "start what it is for, or: SELECT pg_drop_replication_slot(\(sqlText(name)))")
        }
    }

    /// What the account may not read, in each database of the backup.
    func rights() async throws -> [Finding] {
        var findings = [Finding]()
        let all =
            "SELECT pg_has_role(current_user, 'pg_read_all_data', 'USAGE') OR rolsuper FROM pg_roles WHERE rolname = current_user"
        let readsAll = server.version.major >= 14 ? try await client.value(all) == "t" : false
        for database in try await databases() {
            do {
                findings += try await shut(database, readsAll: readsAll)
            } catch let error as SourceError where error.code == .accessDenied {
                findings.append(
                    Finding(
                        .problem, "\(settings.user) may not connect to \(database): \(error.hint)",
                        remedy: AccessRemedy(settings).text(error.hint, database: database)))
            }
        }
        if readsAll { findings.append(Finding(.good, "\(settings.user) may read all tables")) }
        return findings
    }

    private func shut(_ database: String, readsAll: Bool) async throws -> [Finding] {
        let tables = """
            SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname), c.relkind::text, c.relrowsecurity
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
            AND (NOT has_schema_privilege(n.oid, 'USAGE') OR NOT has_table_privilege(c.oid, 'SELECT')
            OR c.relrowsecurity AND NOT (SELECT rolbypassrls OR rolsuper FROM pg_roles WHERE rolname = current_user))
            ORDER BY 1
            """
        var findings = [Finding]()
        for row in try await client.rows(tables, database: database).prefix(20) {
            let name = row[0] ?? ""
            if row[2] == "t" {
                findings.append(
                    Finding(
                        .problem, "\(name) of \(database) has row security, which would hide rows from a dump",
                        remedy: "ALTER ROLE \(role) BYPASSRLS"))
                continue
            }
            findings.append(
                Finding(
                    .problem, "\(settings.user) may not read \(name) of \(database)",
                    remedy: server.version.major >= 14
                        ? "GRANT pg_read_all_data TO \(role)"
                        : "GRANT USAGE ON SCHEMA … TO \(role); GRANT SELECT ON \(name) TO \(role)"))
        }
        let objects = """
            SELECT count(*) FROM pg_largeobject_metadata m WHERE NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
            AND NOT pg_has_role(current_user, m.lomowner, 'USAGE') AND NOT EXISTS (SELECT FROM aclexplode(m.lomacl) a
            WHERE a.privilege_type = 'SELECT' AND (a.grantee = 0 OR pg_has_role(current_user, a.grantee, 'USAGE')))
            """
        if let count = try await client.value(objects, database: database), count != "0" {
            findings.append(
                Finding(
                    .problem, "\(settings.user) may not read \(count) large objects of \(database)",
                    remedy: "DO $$ DECLARE o oid; BEGIN FOR o IN SELECT oid FROM pg_largeobject_metadata LOOP "
                        + "EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO \(role)', o); END LOOP; END $$"))
        }
        return findings
    }

    // MARK: Tables

    /// Tables whose rows nobody can name.
    func tables() async throws -> [Finding] {
        let sql = """
            SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) FROM pg_class c
            JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
            AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
            AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary) ORDER BY 1
            """
        var findings = [Finding]()
        for database in try await databases() {
            let names: [String]
            do {
                names = try await client.rows(sql, database: database).compactMap { $0[0] }
            } catch let error as SourceError where error.code == .accessDenied {
                // For a dump it is a problem, which `rights` has named.
                if settings.method == .logical { continue }
                findings.append(
                    Finding(
                        .warning, "\(settings.user) may not connect to \(database): its tables cannot be counted",
                        remedy: AccessRemedy(settings).text(error.hint, database: database)))
                continue
            }
            guard let first = names.first else { continue }
            let shown = names.count == 1 ? first : "\(first) and \(names.count - 1) more"
            findings.append(
                Finding(
                    .warning, "tables of \(database) without primary key: \(shown)",
                    remedy: "ALTER TABLE \(first) ADD PRIMARY KEY (…)"))
        }
        return findings
    }

    private func databases() async throws -> [String] {
        if settings.method == .logical, !settings.databases.isEmpty { return settings.databases }
        return try await client.rows(
            "SELECT datname FROM pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname"
        ).compactMap { $0[0] }
    }
}
