import Glibc
import Sealing
import Trees

/// Brings a MariaDB back from the files of its snapshot: physical ones are those with a folder `data`, logical ones those with
/// a `header.sql`.
public struct MariaDBRestorer: SourceRestorer {
    public let kind = SourceKind.mariadb
    /// Servers that `start` starts go on when this program ends: then nothing that they hold may be lost by a crash of the
    /// machine.
    public var keepsRunning = false
    /// Where the log of a new history goes; nil for the restored folder.
    var newLogFolder: String?
    /// Threads that apply a log ahead of each other; 0 for one that does it in order, which two processors are best used by.
    var workerCount = sysconf(Int32(_SC_NPROCESSORS_ONLN)) > 2 ? 4 : 0
    let settings: MariaDBSettings
    let environment: SourceEnvironment
    let tools: MariaDBTools

    /// Describes a restorer; of the settings it takes `systemUser` and `toolFolder`.
    public init(settings: MariaDBSettings, environment: SourceEnvironment) {
        self.settings = settings
        self.environment = environment
        tools = MariaDBTools(settings, environment)
    }

    /// The account that servers and tools run as: that of the settings, else `nobody`; ourselves when we are not root.
    var account: SystemAccount? {
        SystemAccount.canChange ? SystemAccount(named: settings.systemUser) ?? SystemAccount(named: "nobody") : nil
    }

    /// What a server of ours takes to hold pages that it changes: a quarter of this machine's memory, 4 GiB at most.
    var memoryByteCount: Int {
        let memory = sysconf(Int32(_SC_PHYS_PAGES)) / 4 * sysconf(Int32(_SC_PAGESIZE))
        return min(max(128 << 20, memory), 4 << 30)
    }

    /// How the files were taken.
    static func method(of files: String) throws -> DatabaseMethod {
        if access("\(files)/data", F_OK) == 0 { return .physical }
        if access("\(files)/header.sql", F_OK) == 0 { return .logical }
        throw SourceError(
            .malformedStream, "neither a physical nor a logical backup of MariaDB", subject: files,
            hint: "a physical one has a folder `data`, a logical one a file `header.sql`")
    }

    /// Nothing: what a physical backup lacks its preparation says, and only a server knows whether SQL is sound.
    public func checkFiles(_ files: String) async throws -> [CheckOutcome] {
        _ = try MariaDBRestorer.method(of: files)
        return []
    }

    public func build(files: String, data: String, run: String) async throws {
        if access(data, F_OK) == 0, try !FileTree.names(in: data).isEmpty {
            throw SourceError(.targetOccupied, "the folder is not empty", subject: data)
        }
        switch try MariaDBRestorer.method(of: files) {
        case .physical: try await buildPhysical(files, data, run)
        case .logical: try await buildLogical(files, data, run)
        }
        if environment.isDurable { try FileTree.flush(data) }
    }

    /// The preparation flushes nothing: a crash costs nothing but time, and whoever wants the folder to last flushes it behind.
    private func buildPhysical(_ files: String, _ data: String, _ run: String) async throws {
        let restored = "\(files)/data"
        // A link that was planted in a snapshot would lead the tools, which write, out of the folder.
        try FileTree.walk(restored) { _, _ in }
        if access(data, F_OK) == 0, rmdir(data) != 0 { throw FileTree.failure("cannot replace the folder", data) }
        if rename(restored, data) != 0 {
            guard errno == EXDEV else { throw FileTree.failure("cannot move the files there", data) }
            _ = try await tools.command("cp", ["-a", restored, data]).run()
        }
        try FileTree.walk(data) { path, isFolder in
            if isFolder { chmod(path, path == data ? 0o700 : 0o750) }
        }
        if let account { try FileTree.give(data, to: account) }
        var prepare = tools.command(
            "mariadb-backup",
            [
                "--no-defaults", "--prepare", "--target-dir=\(data)", "--tmpdir=\(try serverFolder(run))/tmp",
                "--use-memory=\(min(memoryByteCount, 1 << 30))", "--innodb-flush-method=nosync",
            ])
        prepare.account = account
        prepare.folder = data
        prepare.complaint = { lines in
            lines.last?.hasSuffix("completed OK!") == true ? nil : "exited with 0 but did not say `completed OK!`"
        }
        _ = try await prepare.run()
    }

    private func buildLogical(_ files: String, _ data: String, _ run: String) async throws {
        try await install(data, run)
        let server = try await launch(data: data, run: run, keepsRunning: false)
        do {
            try await server.load(files)
            try await server.stop()
        } catch {
            await server.abandon()
            throw error
        }
    }

    /// A data folder without databases of anybody's. With its own folder for temporary files: a server removes what it takes
    /// for leftovers in that folder, and in /tmp these may be another server's.
    private func install(_ data: String, _ run: String) async throws {
        let temporary = try serverFolder(run) + "/tmp"
        if access(data, F_OK) != 0, mkdir(data, 0o700) != 0 { throw FileTree.failure("cannot make the folder", data) }
        if let account { try FileTree.give(data, to: account) }
        var command = tools.command(
            "mariadb-install-db",
            [
                "--no-defaults", "--datadir=\(data)", "--auth-root-authentication-method=normal", "--skip-test-db",
                "--skip-name-resolve", "--tmpdir=\(temporary)",
            ])
        command.account = account
        command.folder = data
        _ = try await command.run()
    }

    public func start(data: String, run: String) async throws -> any ScratchServer {
        // What was replayed was not flushed.
        if keepsRunning { try FileTree.flush(data) }
        return try await launch(data: data, run: run, keepsRunning: keepsRunning)
    }

    public func load(files: String, into target: ServerTarget) async throws {
        guard try MariaDBRestorer.method(of: files) == .logical else {
            throw SourceError(
                .invalidSetting, "only a logical backup can be loaded into a server that is there", subject: files,
                hint: "restore a physical one with --to, --into scratch or --in-place")
        }
        let (client, folder) = try await client(of: target)
        let subject = client.subject
        let server = try await MariaDBServer(client)
        try server.version.require(acceptsUntested: environment.acceptsUntested, subject: subject)
        let present = try await client.column("SELECT schema_name FROM information_schema.schemata;")
        if let first = present.first(where: { !MariaDBServer.systemDatabases.contains($0.lowercased()) }) {
            throw SourceError(
                .targetOccupied, "the server holds the database `\(first)`", subject: subject,
                hint: "restore into an empty server, or with --into scratch")
        }
        try await client.load(files)
        withExtendedLifetime(folder) {}
    }
}

extension MariaDBClient {
    /// Loads a logical backup; accounts that cannot be made are reported only.
    func load(_ folder: String) async throws {
        try await run(try DumpLayout.files(in: folder), [])
        if let users = DumpLayout.users(in: folder) { try await run([users], ["--force"]) }
    }

    /// Runs the statements of files, one after another, in one session. Without `--comments` the client would take the
    /// comments out of routines.
    private func run(_ files: [String], _ options: [String]) async throws {
        let said = SaidLines()
        var command = tools.command(
            "mariadb",
            ["--defaults-file=\(optionFile)", "--binary-mode", "--comments", "--default-character-set=utf8mb4"]
                + options)
        command.input = .files(files)
        command.report = { [report = command.report] line in
            said.add(line)
            report(line)
        }
        do { _ = try await command.run() } catch let error as SourceError {
            throw MariaDBClient.explain(error, said.all, subject)
        }
    }
}
