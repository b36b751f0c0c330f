import Glibc

extension MariaDBRestorer {
    /// More transactions than an old history can have had behind what anybody saw of it.
    static let historyMargin: UInt64 = 1_000_000

    /// Starts the restored folder once with its binary log and a new server id, and writes one transaction in each domain whose
    /// sequence number lies far above every one that was seen: `FLUSH TABLES`, which changes nothing. The log is that of the live
    /// server (`log_bin` of the settings or of the option files): in the restored folder where its name is relative.
    public func beginHistory(
        data: String, run: String, highest: [String], serverNames: [String]
    ) async throws -> NewHistory {
        var lifted = [UInt32: UInt64]()
        for text in highest {
            guard let state = GTIDState(text) else {
                throw SourceError(.invalidSetting, "\(text) is no GTID state", subject: text)
            }
            for gtid in state.all { lifted[gtid.domain] = max(lifted[gtid.domain] ?? 0, gtid.sequence) }
        }
        let taken = Set(serverNames)
        var server = UInt32.random(in: 1...(1 << 31))
        while taken.contains(String(server)) { server = UInt32.random(in: 1...(1 << 31)) }
        let options = ["server_id=\(server)"]
        // A server that never wrote anything: the domain that it begins with is lifted, so that the new history has a position.
        if lifted.isEmpty { lifted[0] = 0 }
        guard let path = try await logPath(data) else {
            return NewHistory(server: String(server), optionLines: options, position: "")
        }
        let scratch = try await launchLogging(to: path, server: String(server), data: data, run: run)
        let position: String
        do {
            position = try await lift(lifted, scratch)
            try await scratch.stop()
        } catch {
            await scratch.abandon()
            throw error
        }
        try FileTree.flush(data)
        return NewHistory(server: String(server), optionLines: options, position: position)
    }

    /// What such a server writes is in its log: a replay on the new history has it too.
    public func start(data: String, run: String, in history: NewHistory) async throws -> any ScratchServer {
        guard let path = try await logPath(data), !history.position.isEmpty else {
            return try await start(data: data, run: run)
        }
        return try await launchLogging(to: path, server: history.server, data: data, run: run)
    }

    public func requireKnownLog() async throws {
        guard try await liveLog() == nil else { return }
        throw SourceError(
            .invalidSetting,
            "it is not known where the server writes its log, so a new history could not be told from the old one",
            subject: settings.dataFolder,
            hint: "give the source `log-bin:` as the server has it: SELECT @@log_bin_basename")
    }

    /// The folder of the live server's binary log when that is outside of its data folder.
    public func logFolder() async throws -> String? {
        guard let log = try await liveLog(), log.hasPrefix("/"), nameInside(log) == nil else { return nil }
        return String(log[..<(log.lastIndex(of: "/") ?? log.startIndex)])
    }

    /// The same, with the log of a new history in `folder`.
    public func writingLog(to folder: String) -> any LogReplayer {
        var restorer = self
        restorer.newLogFolder = folder
        return restorer
    }

    /// Where the log of a new history lies, without the number at its end; nil when the live server writes none.
    private func logPath(_ data: String) async throws -> String? {
        guard let log = try await liveLog() else { return nil }
        guard log.hasPrefix("/") else { return "\(data)/\(log)" }
        if let name = nameInside(log) { return "\(data)/\(name)" }
        guard let newLogFolder else {
            throw SourceError(
                .invalidSetting,
                "the live server's log is outside of its data folder, and nobody said where a new one goes",
                subject: log)
        }
        return newLogFolder + log[(log.lastIndex(of: "/") ?? log.startIndex)...]
    }

    /// A log with an absolute path in the live data folder, as a name relative to that.
    private func nameInside(_ log: String) -> String? {
        let folder = settings.dataFolder + "/"
        return log.hasPrefix(folder) ? String(log.dropFirst(folder.count)) : nil
    }

    private func launchLogging(to path: String, server: String, data: String, run: String) async throws
        -> MariaDBScratch
    {
        try await launch(
            data: data, run: run, keepsRunning: false,
            options: [
                "--log-bin=\(path)", "--server-id=\(server)", "--sync-binlog=1", "--gtid-strict-mode=0",
                "--log-bin-index=\(path).index", "--binlog-format=ROW", "--binlog-row-image=FULL",
            ]
        ) { try relativeIndex(path) }
    }

    private func lift(_ lifted: [UInt32: UInt64], _ scratch: MariaDBScratch) async throws -> String {
        // A log that is there already may know more than anybody told.
        let own = GTIDState(try await scratch.client.value("SELECT @@gtid_binlog_state;") ?? "") ?? GTIDState()
        var lifted = lifted
        for gtid in own.all { lifted[gtid.domain] = max(lifted[gtid.domain] ?? 0, gtid.sequence) }
        var statements = ""
        for (domain, sequence) in lifted.sorted(by: { $0.key < $1.key }) {
            let (next, overflows) = sequence.addingReportingOverflow(MariaDBRestorer.historyMargin)
            guard !overflows, next < UInt64(Int64.max) else {
                throw SourceError(
                    .checkFailed, "no sequence number is left in domain \(domain)", subject: "\(sequence)")
            }
            statements += "SET SESSION gtid_domain_id = \(domain), SESSION gtid_seq_no = \(next); FLUSH TABLES;\n"
        }
        _ = try await scratch.client.query(statements)
        let state = GTIDState(try await scratch.client.value("SELECT @@gtid_binlog_state;") ?? "") ?? GTIDState()
        guard lifted.allSatisfy({ (state.newest(of: $0.key)?.sequence ?? 0) > $0.value }) else {
            throw SourceError(.checkFailed, "the server did not take the new positions: \(state)", subject: "\(state)")
        }
        return state.description
    }

    /// The index must not name the folder where the log was made, since that is moved: names in it that are relative are looked
    /// for where `log_bin` says.
    private func relativeIndex(_ path: String) throws {
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        let (folder, base) = (String(path[..<slash]), path[slash...].dropFirst())
        let names = try FileTree.names(in: folder).filter { $0.hasPrefix("\(base).") && BinlogName($0) != nil }
        try SmallFile.writePrivate(
            "\(path).index", Array(names.sorted().map { "./\($0)\n" }.joined().utf8), owner: account)
    }

    /// The live server's `log_bin`; nil when it writes none.
    func liveLog() async throws -> String? {
        if let log = settings.logBin { return log }
        let text = try await tools.command("my_print_defaults", ["--mysqld"]).text(timeout: .seconds(60))
        var log: String?
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1)
            switch parts[0].replacing("_", with: "-") {
            case "--log-bin": log = parts.count == 2 ? String(parts[1]) : "mysql-bin"
            case "--skip-log-bin": log = nil
            default: break
            }
        }
        return log
    }
}
