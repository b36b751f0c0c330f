import ObjectStore
import Sealing

extension RedisSource {
    public func examine() async -> [Finding] {
        do {
            let connection = try await connect(timeout: .seconds(10))
            let examination = RedisExamination(
                connection: connection, user: settings.user, hasPassword: settings.password != nil, role: settings.role)
            return try await lane.run { () throws(SourceError) in try examination.findings() }
        } catch let error as SourceError {
            return [Finding(.problem, "\(error.message) (\(error.subject))", remedy: error.hint)]
        } catch {
            return [Finding(.problem, "the password cannot be read: \(error)")]
        }
    }
}

/// The questions of `doctor`, asked one after another over one connection. Nothing is changed.
private struct RedisExamination: Sendable {
    let connection: RedisConnection
    let user: String?
    let hasPassword: Bool
    let role: RedisRole

    func findings() throws(SourceError) -> [Finding] {
        var findings = try permissions()
        let reply = try connection.ask("INFO")
        if case .error(let message) = reply { return findings + [denied(message, "info")] }
        let info = RedisInfo(reply.text ?? "")
        findings += version(info) + state(info) + memory(info) + persistence(info)
        findings += try snapshots()
        return findings
    }

    // MARK: Account

    private func permissions() throws(SourceError) -> [Finding] {
        if role == .cache { return [Finding(.good, "the role is cache: it is not backed up")] }
        var findings = [Finding]()
        if case .error(let message) = try connection.ask("PING") { findings.append(denied(message, "ping")) }
        if case .error(let message) = try connection.ask("REPLCONF", "capa", "eof") {
            findings.append(denied(message, "replconf"))
        }
        if let message = try synchronisationDenied() { findings.append(denied(message, "psync")) }
        if findings.isEmpty { findings.append(Finding(.good, "the account may read the server as a replica does")) }
        if user == nil {
            findings.append(
                Finding(
                    .warning, "the default account is used\(hasPassword ? "" : ", without a password")",
                    remedy: RedisFailure.accountStatement(nil)))
        }
        return findings
    }

    /// A PSYNC that comes while an answer waits to be sent is refused by the command itself, so after the check of the account
    /// and before anything happens. Both are sent in one piece for that.
    private func synchronisationDenied() throws(SourceError) -> String? {
        let words = [["PING"], ["PSYNC", "?", "-1"]].map { $0.map { Array($0.utf8) } }
        try connection.send(raw: words.flatMap { RedisConnection.encode($0) })
        _ = try connection.reply()
        guard case .error(let message) = try connection.reply() else { return nil }
        return message.hasPrefix("NOPERM") ? message : nil
    }

    private func denied(_ message: String, _ command: String) -> Finding {
        Finding(
            .problem, "the account \(user ?? "default") may not \(command.uppercased()): \(message)",
            remedy: RedisFailure.grant(command, to: user))
    }

    // MARK: Server

    private func version(_ info: RedisInfo) -> [Finding] {
        let name = "Redis \(info.version.text)"
        switch info.version.support {
        case .supported: return [Finding(.good, name)]
        case .expected: return [Finding(.warning, "\(name) was not tried; 7.0 was", remedy: "see docs/versions.md")]
        case .unknown: return [Finding(.problem, "\(name) was never tried", remedy: "--accept-untested")]
        }
    }

    private func state(_ info: RedisInfo) -> [Finding] {
        if info["loading"] == "1" { return [Finding(.problem, "the server is still loading its data")] }
        guard info["role"] == "slave" else { return [] }
        if info["master_link_status"] == "up" { return [Finding(.good, "the server is a replica, and in step")] }
        return [
            Finding(
                .problem, "the server is a replica that has lost its primary",
                remedy: "mend the replication, or back up the primary")
        ]
    }

    private func memory(_ info: RedisInfo) -> [Finding] {
        let policy = info["maxmemory_policy"]
        guard role == .queue || role == .store, !policy.isEmpty, policy != "noeviction", info["maxmemory"] != "0" else {
            return []
        }
        return [
            Finding(
                .warning,
                "maxmemory-policy is \(policy): when memory is short the server drops keys of a \(role.rawValue)",
                remedy: "CONFIG SET maxmemory-policy noeviction")
        ]
    }

    private func persistence(_ info: RedisInfo) -> [Finding] {
        var findings = [Finding]()
        if role == .queue || role == .store, info["aof_enabled"] == "0" {
            findings.append(
                Finding(
                    .warning, "appendonly is no: a crash loses what came after the server's last own dump",
                    remedy: "CONFIG SET appendonly yes, then CONFIG REWRITE"))
        }
        if info["aof_enabled"] == "1", info["aof_last_write_status"] == "err" {
            findings.append(
                Finding(.problem, "the append-only file cannot be written", remedy: "look at the server's log"))
        }
        if info["rdb_last_bgsave_status"] == "err" {
            findings.append(
                Finding(
                    .problem, "the last background save failed, and a backup forks in the same way",
                    remedy: "look at the server's log; sysctl vm.overcommit_memory=1 helps where memory is the reason"))
        }
        findings.append(
            Finding(
                .good, "there is no journal of Redis: what a restore loses is what came since the last backup",
                remedy: ""))
        return findings
    }

    /// Settings, where the account may see them; it need not.
    private func snapshots() throws(SourceError) -> [Finding] {
        guard let diskless = try setting("repl-diskless-sync") else { return [] }
        if diskless == "no" {
            return [
                Finding(
                    .warning, "repl-diskless-sync is no: the server writes the dump to its own disk first",
                    remedy: "CONFIG SET repl-diskless-sync yes, then CONFIG REWRITE")
            ]
        }
        guard let delay = try setting("repl-diskless-sync-delay"), delay != "0" else { return [] }
        return [Finding(.good, "each backup waits \(delay) s for other replicas (repl-diskless-sync-delay)")]
    }

    private func setting(_ name: String) throws(SourceError) -> String? {
        guard case .array(.some(let pair)) = try connection.ask("CONFIG", "GET", name), pair.count == 2 else {
            return nil
        }
        return pair[1].text
    }
}
