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
        guard let log = try await liveLog(), !lifted.isEmpty else {
            return NewHistory(server: String(server), optionLines: options, position: "")
        }
        let path = log.hasPrefix("/") ? log : "\(data)/\(log)"
        let scratch = try await launch(
            data: data, run: run, keepsRunning: false,
            options: [
                "--log-bin=\(path)", "--server-id=\(server)", "--sync-binlog=1", "--gtid-strict-mode=0",
                "--log-bin-index=\(path).index",
            ])
        let position: String
        do {
            position = try await lift(lifted, scratch)
            try await scratch.stop()
        } catch {
            await scratch.abandon()
            throw error
        }
        try relativeIndex(log, data)
        try FileTree.flush(data)
        return NewHistory(server: String(server), optionLines: options, position: position)
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

    /// The index of a log with a relative name must not name the folder where it was made: the folder is moved.
    private func relativeIndex(_ log: String, _ data: String) throws {
        guard !log.hasPrefix("/") else { return }
        let path = "\(data)/\(log).index"
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        let base = log.split(separator: "/").last.map(String.init) ?? log
        let names = try FileTree.names(in: folder).filter { $0.hasPrefix("\(base).") && BinlogName($0) != nil }
        try SmallFile.writePrivate(
            path, Array(names.map { "./\($0)\n" }.joined().utf8), owner: account)
    }

    /// The live server's `log_bin`; nil when it writes none.
    private func liveLog() async throws -> String? {
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
