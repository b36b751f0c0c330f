import Glibc
import Sealing

extension MariaDBRestorer {
    /// The account that we come in by.
    static let scratchAccount = "lifeboat_scratch"

    /// Starts a private server on `data`.
    ///
    /// We come in by an account of our own with a random password, made by the init file before the server listens, and
    /// dropped before it stops. Not by `--skip-grant-tables`: that would open production's data to everybody on this machine,
    /// and leave the accounts themselves untested. It writes no binary log, so nothing it does looks like a transaction of
    /// the source.
    func launch(
        data: String, run: String, keepsRunning: Bool, options: [String] = [],
        afterwards: @escaping @Sendable () throws -> Void = {}
    ) async throws -> MariaDBScratch {
        let (account, socket) = (account, "\(run)/mariadb.sock")
        guard socket.utf8.count <= 107 else {
            throw SourceError(.invalidSetting, "the path of the socket has more than 107 bytes", subject: socket)
        }
        _ = try serverFolder(run)
        let serverSocket = "\(run)/server/mariadb.sock"
        let password = SecretBytes.random(count: 24).withBytes { $0.map { MariaDBRestorer.hex($0) }.joined() }
        let initFile = "\(run)/server/init.sql"
        try SmallFile.writePrivate(initFile, Array(MariaDBRestorer.initStatements(password).utf8), owner: account)
        defer { unlink(initFile) }
        let port = try LoopbackPort.free()
        let optionFile = "\(run)/client.cnf"
        try SmallFile.writePrivate(optionFile, Array(MariaDBRestorer.options(serverSocket, password).utf8))
        let client = MariaDBClient(tools: tools, optionFile: optionFile, subject: "scratch server on \(data)")
        var plan = PrivateServer.Plan(
            tools.serverPath("mariadbd"),
            try serverArguments(data: data, run: "\(run)/server", socket: serverSocket, port: port) + [
                "--init-file=\(initFile)"
            ] + options,
            variables: tools.variables, folder: data, log: "\(run)/mariadb.log")
        plan.account = account
        plan.keepsRunning = keepsRunning
        let server = try await PrivateServer.start(plan) {
            guard access(serverSocket, F_OK) == 0 else { return false }
            // Until it answers, why it does not is of no interest.
            return (try? await client.value("SELECT 1;")) == "1"
        }
        return MariaDBScratch(server: server, client: client, tools: tools, port: port, afterwards: afterwards)
    }

    /// A folder in `run` that the server may write to, with one for its temporary files in it.
    func serverFolder(_ run: String) throws -> String {
        for folder in ["\(run)/server", "\(run)/server/tmp"] {
            guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
                throw FileTree.failure("cannot make a folder", folder)
            }
            if let account, lchown(folder, account.userID, account.groupID) != 0 {
                throw FileTree.failure("cannot give it to \(account.name)", folder)
            }
        }
        return "\(run)/server"
    }

    private func serverArguments(data: String, run: String, socket: String, port: Int) throws -> [String] {
        [
            "--no-defaults", "--datadir=\(data)", "--socket=\(socket)", "--port=\(port)", "--bind-address=127.0.0.1",
            "--pid-file=\(run)/mariadbd.pid", "--tmpdir=\(run)/tmp", "--event-scheduler=OFF", "--skip-slave-start",
            "--skip-log-bin", "--server-id=\(4_000_000_000 + port)", "--skip-name-resolve", "--local-infile=0",
            "--secure-file-priv=\(run)/tmp", "--max-allowed-packet=1G", "--performance-schema=OFF",
            // By the page cache, where the files still are that were just restored.
            "--loose-innodb-flush-method=fsync",
            "--innodb-buffer-pool-size=\(MariaDBRestorer.poolByteCount(of: data))",
        ] + MariaDBRestorer.formatOptions(of: data)
    }

    /// Bytes of the server's buffer pool. The check looks up the row of every entry of every index: a table that does not fit is read
    /// many times over (1.5 million rows: 30 s instead of 10 s). No more than the data, a quarter of this machine's memory, 4 GiB.
    static func poolByteCount(of data: String) -> Int {
        var sum = 0
        // What cannot be looked at makes the pool smaller, nothing else.
        try? FileTree.walk(data) { path, isFolder in
            var status = stat()
            if !isFolder, lstat(path, &status) == 0 { sum += Int(status.st_size) }
        }
        let memory = sysconf(Int32(_SC_PHYS_PAGES)) / 4 * sysconf(Int32(_SC_PAGESIZE))
        return max(128 << 20, min(sum, memory, 4 << 30))
    }

    /// Options that the table files were written with and a server must know to open them, from `backup-my.cnf`. Only these:
    /// the file came from a store that may be hostile.
    static func formatOptions(of data: String) -> [String] {
        let known: Set = [
            "innodb_page_size", "innodb_data_file_path", "innodb_undo_tablespaces", "innodb_checksum_algorithm",
        ]
        guard let file = fopen("\(data)/backup-my.cnf", "re") else { return [] }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 16_384)
        let count = fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n").compactMap { line in
            let parts = line.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, known.contains(String(parts[0])), !parts[1].contains("/") else { return nil }
            return "--\(parts[0])=\(parts[1])"
        }
    }

    /// The right to grant PROXY, which users.sql does, comes by the table: the init file has no account that could grant it.
    private static func initStatements(_ password: String) -> String {
        let account = "`\(scratchAccount)`@`localhost`"
        return """
            SET SESSION sql_log_bin = 0;
            CREATE OR REPLACE USER \(account) IDENTIFIED BY '\(password)';
            GRANT ALL PRIVILEGES ON *.* TO \(account) WITH GRANT OPTION;
            REPLACE INTO mysql.proxies_priv (Host, User, Proxied_host, Proxied_user, With_grant, Grantor) \
            VALUES ('localhost', '\(scratchAccount)', '', '', 1, '');
            FLUSH PRIVILEGES;

            """
    }

    private static func options(_ socket: String, _ password: String) -> String {
        "[client]\nuser=\(scratchAccount)\npassword=\(password)\nsocket=\(MariaDBTools.quoted(socket))\nprotocol=socket\n"
    }

    private static func hex(_ byte: UInt8) -> String {
        let text = String(byte, radix: 16)
        return text.count == 1 ? "0" + text : text
    }
}
