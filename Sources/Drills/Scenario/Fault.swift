/// Something that a drill breaks: data, carried out by the fault injector only. Nothing of it reaches the runbook.
public struct Fault: Sendable, Hashable, Codable {
    /// What is done.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// SIGKILL to everything on `host`, which must have a data folder.
        case killHost = "kill-host"
        /// The link of `host` goes down; it must have a data folder.
        case cutLink = "cut-link"
        /// The volume whose topmost folder is `path` is filled.
        case fillVolume = "fill-volume"
        /// Everything below the folder `path` is removed, but for tokens and other volumes.
        case deleteFiles = "delete-files"
        /// Files below `path` become noise of the same size under another name, as ransomware does.
        case encryptFiles = "encrypt-files"
        /// `DROP TABLE table`.
        case dropTable = "drop-table"
        /// Every row of `column` in `table` gets a wrong value.
        case garbleRows = "garble-rows"
        /// Rows of `table` are deleted, those of `condition` or all.
        case deleteRows = "delete-rows"
        /// Objects of the bucket of `host` whose names begin with `path` are removed, but for the token.
        case deleteObjects = "delete-objects"
        /// The file `path` on `host` cannot be read any more.
        case withholdCredentials = "withhold-credentials"
        /// The name `path` keeps pointing to where it points now, whatever the DNS server `host` is told.
        case staleDNS = "stale-dns"
        /// The command `script` is run on `host`: a bad deploy. Its last line is what it says it did, as JSON.
        case run
    }

    /// What is done.
    public var kind: Kind
    /// Where.
    public var host: String
    /// A file, folder, object prefix, or name.
    public var path: String?
    /// `database.table`; PostgreSQL: `schema.table` of the database that `sql` of the environment goes to.
    public var table: String?
    /// A column of it.
    public var column: String?
    /// Which rows; SQL.
    public var condition: String?
    /// Shell text.
    public var script: String?
    /// How long after the fault before it; zero for at once.
    public var delay: Duration
}

/// What a fault really did: written by the injector, read when everything is over, and by nobody before.
public struct FaultTruth: Sendable, Hashable, Codable {
    /// Which fault of the scenario, from 0.
    public var index: Int
    /// What was done.
    public var kind: Fault.Kind
    /// Just before it was done, seconds of the observer's clock.
    public var began: Double
    /// When it was done.
    public var ended: Double
    /// Wall time of `began`, RFC 3339.
    public var time: String
    /// The table, host or path that was hit.
    public var subject: String
    /// The host that it was done on, or to.
    public var host: String?
    /// The position of the transaction that did it, where there is one: a GTID, an LSN, or two LSNs with dots between, see
    /// `LogPosition`.
    public var position: String?
    /// What it said about itself: how much was hit; of `run`, the last line of the script.
    public var detail: String?
}
