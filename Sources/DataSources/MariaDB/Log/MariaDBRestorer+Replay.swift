import Glibc
import ObjectStore

extension MariaDBRestorer {
    /// The log's files become relay logs of a private server, whose replication thread applies them: measured four times as
    /// fast as `mariadb-binlog | mariadb`. Statements about events of the event scheduler are the exception, since replication
    /// switches off the events that they make: a log with such statements goes through the client.
    public func replay(_ log: ReplayLog, to stop: LogStop, data: String, run: String) async throws -> ReplayReport {
        let range = try await MariaDBRestorer.logLane.run { try ReplayRange(log, to: stop) }
        if range.transactionCount > 0 {
            let folder = try serverFolder(run) + "/relay"
            let hadConnections = access("\(data)/multi-master.info", F_OK) == 0
            defer {
                FileTree.remove(folder)
                if !hadConnections { unlink("\(data)/multi-master.info") }
            }
            let files = try await MariaDBRestorer.logLane.run { try placeLogs(log, range, stop, in: folder) }
            let server = try await launch(
                data: data, run: run, keepsRunning: false, options: replayOptions(folder, run: run, range))
            do {
                if range.hasEvents {
                    try await applyByClient(files, range, server, run)
                } else {
                    try await applyAsReplica(log, range, server)
                }
                try await server.stop()
            } catch {
                await server.abandon()
                throw error
            }
            if environment.isDurable { try FileTree.flush(data) }
        }
        return ReplayReport(
            transactionCount: range.transactionCount, byteCount: range.byteCount, position: range.state.description)
    }

    /// A crash of this server costs nothing but time, so it flushes nothing, and we do once it has stopped. What it reads was
    /// written a moment ago and is in memory: read past the page cache, as is the default, a replay takes two or three times as long.
    ///
    /// Workers keep the order of commits within a domain, but not between domains; the source did, whatever its clients promised
    /// by using several: then one thread applies everything.
    private func replayOptions(_ folder: String, run: String, _ range: ReplayRange) -> [String] {
        let threads = range.newest.newest.count > 1 ? 0 : workerCount
        return [
            "--relay-log=\(folder)/relay", "--relay-log-index=\(folder)/relay.index",
            "--relay-log-info-file=\(folder)/relay-log.info", "--master-info-file=\(folder)/master.info",
            "--slave-load-tmpdir=\(run)/server/tmp", "--replicate-same-server-id=1", "--log-slave-updates=0",
            "--slave-parallel-threads=\(threads)", "--slave-parallel-mode=optimistic",
            "--slave-max-allowed-packet=1G", "--innodb-flush-log-at-trx-commit=0", "--skip-innodb-doublewrite",
            "--loose-innodb-flush-method=nosync", "--innodb-buffer-pool-size=\(memoryByteCount)",
            "--innodb-lock-wait-timeout=3600", "--local-infile=1",
        ]
    }

    /// Copies of the files as relay logs, the last one cut at the stop, and their index.
    private func placeLogs(
        _ log: ReplayLog, _ range: ReplayRange, _ stop: LogStop, in folder: String
    ) throws -> [String] {
        FileTree.remove(folder)
        guard mkdir(folder, 0o700) == 0 else { throw FileTree.failure("cannot make a folder", folder) }
        var paths = [String]()
        for index in range.firstFile...range.lastFile {
            let number = String(paths.count + 1)
            let path = "\(folder)/relay." + String(repeating: "0", count: max(0, 6 - number.count)) + number
            let end = index == range.lastFile ? stop.offset : log.files[index].endOffset
            try MariaDBRestorer.copy(log.files[index].path, to: path, end: end)
            paths.append(path)
        }
        try SmallFile.writePrivate("\(folder)/relay.index", Array(paths.map { $0 + "\n" }.joined().utf8))
        if let account { try FileTree.give(folder, to: account) }
        return paths
    }

    private static func copy(_ from: String, to target: String, end: UInt64?) throws {
        let source = open(from, O_RDONLY | O_CLOEXEC)
        guard source >= 0 else { throw FileTree.failure("cannot open the log", from) }
        defer { close(source) }
        let file = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw FileTree.failure("cannot make a copy of the log", target) }
        defer { close(file) }
        var left = end ?? UInt64.max
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while left > 0 {
            let count = read(source, &buffer, Int(min(left, UInt64(buffer.count))))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileTree.failure("cannot read the log", from) }
            if count == 0 { return }
            var done = 0
            while done < count {
                let written = buffer[done..<count].withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
                if written < 0, errno == EINTR { continue }
                guard written > 0 else { throw FileTree.failure("cannot write a copy of the log", target) }
                done += written
            }
            left -= UInt64(count)
        }
    }

    // MARK: As a replica

    private func applyAsReplica(_ log: ReplayLog, _ range: ReplayRange, _ server: MariaDBScratch) async throws {
        let client = server.client
        // What the source itself had got as a replica is not ours to change.
        let before = try await client.value("SELECT @@gtid_slave_pos;") ?? ""
        let wanted = range.newest.newest.map(\.description).joined(separator: ",")
        _ = try await client.query(
            """
            SET GLOBAL gtid_slave_pos = '';
            CHANGE MASTER TO MASTER_HOST = 'localhost', MASTER_USER = 'nobody', MASTER_USE_GTID = no,
              MASTER_LOG_FILE = \(MariaDBClient.text(log.files[range.firstFile].name)), MASTER_LOG_POS = \(range.firstOffset),
              RELAY_LOG_FILE = 'relay.000001', RELAY_LOG_POS = \(range.firstOffset);
            START SLAVE SQL_THREAD;
            """)
        while try await client.value("SELECT MASTER_GTID_WAIT('\(wanted)', 2);") != "0" {
            try Task.checkCancellation()
            try await requireProgress(client, wanted)
        }
        _ = try await client.query("STOP SLAVE;")
        let reached = GTIDState(try await client.value("SELECT @@gtid_slave_pos;") ?? "")
        guard reached?.newest == range.newest.newest else {
            throw SourceError(
                .checkFailed, "the replay ended at \(reached?.description ?? "?"), not at \(wanted)",
                subject: client.subject)
        }
        _ = try await client.query("RESET SLAVE ALL; SET GLOBAL gtid_slave_pos = \(MariaDBClient.text(before));")
    }

    /// - Throws: `checkFailed` when the thread has stopped, with the engine's words, or has nothing to do any more.
    private func requireProgress(_ client: MariaDBClient, _ wanted: String) async throws {
        var command = client.tools.command(
            "mariadb", ["--defaults-file=\(client.optionFile)", "--vertical", "--default-character-set=utf8mb4"])
        command.input = .bytes(Array("SHOW SLAVE STATUS;\n".utf8))
        var values = [String: String]()
        for line in try await command.text(timeout: .seconds(60)).split(separator: "\n") {
            guard let colon = line.firstRange(of: ": ") else { continue }
            let name = line[..<colon.lowerBound].drop { $0 == " " }
            values[String(name)] = String(line[colon.upperBound...])
        }
        if values["Slave_SQL_Running"] == "No" {
            throw SourceError(
                .checkFailed, "an event could not be applied: \(values["Last_SQL_Error"] ?? "no error is told")",
                subject: client.subject,
                hint: "it is behind \(values["Relay_Master_Log_File"] ?? ""):\(values["Exec_Master_Log_Pos"] ?? "")")
        }
        guard values["Slave_SQL_Running_State"]?.hasPrefix("Slave has read all relay log") == true else { return }
        let busy = try await client.value(
            """
            SELECT COUNT(*) FROM information_schema.processlist WHERE command = 'Slave_worker'
            AND state NOT LIKE 'Waiting for work%';
            """)
        guard busy == "0", try await client.value("SELECT MASTER_GTID_WAIT('\(wanted)', 0);") != "0" else { return }
        let position = try await client.value("SELECT @@gtid_slave_pos;") ?? ""
        throw SourceError(
            .checkFailed, "the log was applied to its end and led to \(position), not to \(wanted)",
            subject: client.subject)
    }

    // MARK: Through the client

    private func applyByClient(
        _ files: [String], _ range: ReplayRange, _ server: MariaDBScratch, _ run: String
    ) async throws {
        let client = server.client
        let log = tools.command(
            MariaDBSource.logTool,
            [
                "--no-defaults", "--start-position=\(range.firstOffset)", "--disable-log-bin",
                "--local-load=\(run)/server/tmp",
            ] + files)
        let said = SaidLines()
        var apply = tools.command(
            "mariadb",
            [
                "--defaults-file=\(client.optionFile)", "--binary-mode", "--local-infile=1", "--max-allowed-packet=1G",
                "--comments",
            ])
        apply.report = { [report = apply.report] line in
            said.add(line)
            report(line)
        }
        try await log.stream { [apply] output in
            var apply = apply
            let input = fcntl(output.pipe.readEnd, F_DUPFD_CLOEXEC, 0)
            guard input >= 0 else { throw FileTree.failure("cannot hand on the log", "mariadb") }
            apply.input = .descriptor(input)
            do { _ = try await apply.run() } catch let error as SourceError {
                throw MariaDBClient.explain(error, said.all, client.subject)
            }
        }
    }
}
