/// The hosts, services and names that a drill may touch; never production. Read from `scenarios/environments/*.yaml`.
public struct DrillEnvironment: Sendable, Hashable {
    /// How hosts are reached.
    public enum Driver: String, Sendable, Hashable, Codable, CaseIterable {
        /// Real machines, by `ssh`.
        case ssh
        /// Network namespaces of this machine; needs root.
        case namespace
        /// Plain processes of this machine.
        case local
    }

    /// A host.
    public struct Host: Sendable, Hashable {
        /// Its name, as runbooks and faults use it.
        public var name: String
        /// Its address as others see it.
        public var address: String
        /// `ssh`: account and port; `namespace`: the namespace's name.
        public var user: String?
        /// See `user`.
        public var port: Int?
        /// `ssh`: the file of the private key, and that of the keys that hosts must show.
        public var keyFile: String?
        /// See `keyFile`.
        public var knownHostsFile: String?
        /// `namespace`: its name.
        public var namespace: String?
        /// Folders with data: each gets the environment's token, without which nothing is destroyed in it.
        public var dataFolders: [String]
        /// Shell command on the runner's machine that reaches the bucket that this host serves: `put NAME` (from its standard
        /// input), `get NAME`, `delete PREFIX` are appended to it; nil when it has none. The bucket gets the token as an object.
        public var objects: String?
    }

    /// What must never be hit: compared with every host before anything is destroyed.
    public struct Production: Sendable, Hashable {
        /// `lifeboat.yaml` of production: its sockets, data folders and addresses count too.
        public var configurations: [String]
        /// `/etc/machine-id` of its machines.
        public var machineIDs: [String]
        /// Addresses of its machines.
        public var addresses: [String]
        /// Its data folders and sockets, compared by device and inode where they can be seen.
        public var paths: [String]
    }

    /// Where the canary stands: outside of the environment, where its hosts get to only when they have a way out.
    public struct CanaryPlace: Sendable, Hashable {
        /// IPv4, an address of that network.
        public var address: String
        /// Each is listened at for connections and datagrams.
        public var ports: [UInt16]
        /// The network namespace; nil for the runner's.
        public var namespace: String?

        /// A place.
        public init(address: String, ports: [UInt16], namespace: String? = nil) {
            self.address = address
            self.ports = ports
            self.namespace = namespace
        }

        /// One in the runner's own network; nil when the text is no `address:port`.
        public init?(_ text: String) {
            guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0
            else { return nil }
            self.init(address: String(text[..<colon]), ports: [port])
        }
    }

    /// Where the data comes from.
    public enum DataKind: String, Sendable, Hashable, Codable, CaseIterable {
        /// Staging's own.
        case synthetic
        /// A recovery point of production, masked and fenced.
        case productionPoint = "production-point"
    }

    /// A point of production's repository, and how a masked copy of it gets into staging.
    public struct ProductionPoint: Sendable, Hashable {
        /// `lifeboat.yaml` that leads to production's repository, with credentials that cannot write.
        public var configuration: String
        /// Its store; nil for the only one.
        public var store: String?
        /// The database source.
        public var source: String
        /// The point: an ID, the beginning of one, or `latest`.
        public var point: String
        /// Shell command here that brings the masked copy into staging while nothing of the application runs.
        /// `$LIFEBOAT_SCRATCH_CONNECT` is the command that connects to the copy.
        public var load: String
        /// Shell command here that starts the application on it, once it is proven to be masked.
        public var open: String
        /// The host on which `sql:` asks staging's database.
        public var host: String
    }

    /// Its name.
    public var name: String
    /// How hosts are reached.
    public var driver: Driver
    /// Its hosts.
    public var hosts: [Host]
    /// Shell commands on this machine: `up` makes it and writes the values file; `clear` brings it back to what it was after
    /// `up`; `down` removes it; `status` says how it is.
    public var up: String
    /// See `up`.
    public var down: String
    /// See `up`.
    public var clear: String
    /// See `up`; nil when hosts are all there is to ask.
    public var status: String?
    /// Shell commands here for faults that only the environment knows how to make, by the fault's kind; `$HOST` and `$SUBJECT` say
    /// of what.
    public var faultCommands: [Fault.Kind: String]
    /// Shell command on a fault's host that takes SQL at its standard input, as an account that may do everything, and prints
    /// rows with tabs and without names; nil when there is no database to break.
    public var sql: String?
    /// What that database speaks.
    public var sqlDialect: SQLDialect
    /// `namespace`: the namespace that the observer is in, outside of all hosts; nil for where the runner is.
    public var observerNamespace: String?
    /// `namespace`: the namespace that the operator of runbooks is in; nil for where the runner is. The commands above are run where
    /// the runner is, in any case.
    public var operatorNamespace: String?
    /// Where the canary stands; nil when nothing is fenced.
    public var canary: CanaryPlace?
    /// What runbooks get to see, by name.
    public var variables: [String: String]
    /// What must never be hit.
    public var production: Production
    /// Where the data comes from.
    public var dataKind: DataKind
    /// How a point of production gets here; nil for synthetic data.
    public var productionPoint: ProductionPoint?
    /// Bytes that production has, for the ratio; nil when nobody said.
    public var productionByteCount: UInt64?
    /// What a proxy of the environment lets through between hosts and stores, bytes a second each way; nil when nothing limits it.
    public var bandwidth: UInt64?
    /// What it adds to each way, seconds; nil for nothing.
    public var delaySeconds: Double?
}
