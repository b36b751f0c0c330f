import Glibc
import Trees

/// Brings a PostgreSQL cluster back from the files of its snapshot; what kind of backup it was, the snapshot says.
public struct PostgreSQLRestorer: SourceRestorer {
    /// `postgresql`.
    public let kind = SourceKind.postgresql
    /// The cluster that was backed up: which account its files belong to, where the tools are.
    public let settings: PostgreSQLSettings
    /// What is taken from the world.
    public let environment: SourceEnvironment
    /// Settings of the recovery that `start` does on a physical base: `restore_command`, `recovery_target_lsn`,
    /// `recovery_target_time`, `recovery_target_timeline` and so on. Without any, what is in the base is replayed.
    public var recovery: [String: String] = [:]
    /// What the journal knows of histories of this cluster, `<system identifier>/<timeline>` each: `replay` begins a
    /// timeline above all of them.
    public var serverNames: [String] = []
    /// Variables that a private server's commands see besides the usual ones.
    var moreVariables: [String: String] = [:]
    /// The private server stays when this program ends, for a person to connect to: then nothing that it holds may be lost by a
    /// crash of the machine.
    public var keepsRunning = false

    /// A restorer of a cluster like that in `settings`.
    public init(settings: PostgreSQLSettings, environment: SourceEnvironment) {
        self.settings = settings
        self.environment = environment
    }

    /// `pg_verifybackup` on a restored base: every file, and the log that it needs. Nothing for logical backups.
    public func checkFiles(_ files: String) async throws -> [CheckOutcome] {
        let record = try SnapshotRecord.read(from: files)
        guard record.method == .physical else { return [] }
        let folder = PostgreSQLTools.folder(named: settings.toolFolder, major: record.major)
        // The manifest knows files of tablespaces by links that the base does not hold.
        var links = [String]()
        defer { for link in links { unlink(link) } }
        for tablespace in record.tablespaces {
            try checkNumber(tablespace.oid)
            let link = "\(files)/data/pg_tblspc/\(tablespace.oid)"
            guard symlink("../../tablespaces/\(tablespace.oid)", link) == 0 else {
                throw FileTree.failure("cannot make the link", link)
            }
            links.append(link)
        }
        do {
            let said = try await ToolCommand(
                tool("pg_verifybackup", folder), ["\(files)/data"], variables: variables
            ).text()
            let message = said.split(separator: "\n").last.map(String.init) ?? ""
            return [CheckOutcome(name: "pg_verifybackup", isSound: true, message: message)]
        } catch let error as SourceError where error.code == .toolFailed {
            return [CheckOutcome(name: "pg_verifybackup", isSound: false, message: error.hint)]
        }
    }

    /// Moves a base into place, or makes a new cluster and loads the dumps; see `SourceRestorer`.
    ///
    /// Tablespaces come to lie in `DATA.tablespaces`. A base is recovered by the first `start`, onto a timeline of its own:
    /// until then it holds `recovery.signal`, and a server that is started on it by hand wants a `restore_command`.
    public func build(files: String, data: String, run: String) async throws {
        let record = try SnapshotRecord.read(from: files)
        guard FileTree.namesIfAny(in: data).isEmpty else {
            throw SourceError(.targetOccupied, "the folder is not empty", subject: data)
        }
        switch record.method {
        case .physical: try PhysicalRestore(self, record).build(files: files, data: data)
        case .logical: try await LogicalRestore(self, record).build(files: files, data: data, run: run)
        }
        try SmallFile.write("\(data)/\(PrivatePostgreSQL.recordName)", Array("\(record.superuser)\n".utf8))
        if let account { try FileTree.give("\(data)/\(PrivatePostgreSQL.recordName)", to: account) }
        if environment.isDurable { try FileTree.flush(data) }
    }

    /// Starts a private server, see `SourceRestorer`; returns when the base is recovered and the server writable.
    public func start(data: String, run: String) async throws -> any ScratchServer {
        guard keepsRunning else { return try await PrivatePostgreSQL.start(self, data: data, run: run) }
        // What was replayed was not flushed; and the origin's own settings, which lie in the data, may be careless.
        try FileTree.flush(data)
        return try await PrivatePostgreSQL.start(
            self, data: data, run: run, more: ["fsync": "on", "full_page_writes": "on", "synchronous_commit": "on"])
    }

    /// Loads a logical backup; the account of `target` must be a superuser.
    public func load(files: String, into target: ServerTarget) async throws {
        let record = try SnapshotRecord.read(from: files)
        guard record.method == .logical else {
            throw SourceError(
                .invalidSetting, "a physical backup cannot be loaded into a server that runs", subject: target.host,
                hint: "restore it with --to or --into scratch")
        }
        try await LogicalRestore(self, record).load(files: files, into: target)
    }

    // MARK: What the parts share

    /// The account that a server of ours runs as; nil for ourselves. PostgreSQL refuses root.
    var account: SystemAccount? {
        guard SystemAccount.canChange else { return nil }
        return SystemAccount(named: settings.systemUser) ?? SystemAccount(named: "nobody")
    }

    var variables: [String: String] {
        var variables = environment.variables.filter { name, _ in !name.hasPrefix("PG") }
        variables["LC_ALL"] = "C"
        return variables.merging(moreVariables) { $1 }
    }

    func tool(_ name: String, _ folder: String?) -> String { folder.map { "\($0)/\(name)" } ?? name }

    /// Numbers from a snapshot become parts of paths.
    func checkNumber(_ text: String) throws {
        guard UInt32(text) != nil else {
            throw SourceError(
                .malformedStream, "a tablespace is called \(text), which is no number", subject: "source.json")
        }
    }
}
