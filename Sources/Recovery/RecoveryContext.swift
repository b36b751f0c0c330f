public import DataSources
public import Repository
public import Trees

/// What recovery takes from the world and from the floors above, handed in.
public struct RecoveryContext: Sendable {
    /// Who runs the program.
    public struct User: Sendable, Hashable {
        /// Login name.
        public var name: String
        /// User number.
        public var uid: UInt32
        /// Group number.
        public var gid: UInt32

        /// Names a user.
        public init(name: String, uid: UInt32, gid: UInt32) {
            self.name = name
            self.uid = uid
            self.gid = gid
        }
    }

    /// The repository that points go to and come from.
    public var repository: OpenRepository
    /// How locks are taken.
    public var locks: LockSettings
    /// What sources get to see.
    public var environment: SourceEnvironment
    /// How sources are made from the configuration.
    public var factory: SourceFactory
    /// Appends to the ledger.
    public var recorder: any EventRecorder
    /// Folder for what outlives a run: locks, journals of restores in place, scratch data. Made if need be.
    public var stateFolder: String
    /// The service's name.
    public var service: String
    /// This machine, as it stands in snapshots, points and events.
    public var node: String
    /// Who runs the program.
    public var user: User
    /// `lifeboat 0.1.0`.
    public var programVersion: String
    /// The configuration, to be kept with points.
    public var configuration: RecoveryPoint.ConfigurationCopy
    /// How trees are archived: threads, compression, pack size.
    public var archive = ArchiveSettings()
    /// Sources that may have shrunk since the last point.
    public var acceptsShrunken: Set<String> = []
    /// What stands between restored data and whoever wants to use it.
    public var handover = HandoverRules()
    /// What is run while several sources are restored.
    public var hooks = ServiceHooks()
    /// Called, from any thread, with a line that somebody must see, however quiet the program was told to be.
    public var alarm: @Sendable (String) -> Void = { _ in }
    /// Called, from any thread, with a line that an operator should see. What tools chatter goes to the environment's.
    public var report: @Sendable (String) -> Void = { _ in }
    /// Wall time.
    public var now: @Sendable () -> Timestamp { environment.now }

    /// A context of given parts.
    public init(
        repository: OpenRepository, locks: LockSettings, environment: SourceEnvironment, factory: SourceFactory,
        recorder: any EventRecorder, stateFolder: String, service: String, node: String, user: User,
        programVersion: String, configuration: RecoveryPoint.ConfigurationCopy
    ) {
        self.repository = repository
        self.locks = locks
        self.environment = environment
        self.factory = factory
        self.recorder = recorder
        self.stateFolder = stateFolder
        self.service = service
        self.node = node
        self.user = user
        self.programVersion = programVersion
        self.configuration = configuration
    }
}

/// Makes sources and their restorers from what the configuration says of them.
public struct SourceFactory: Sendable {
    /// How a source is read. `previousFileCount` is what the last whole point had of it; nil when there is none.
    public var dataSource:
        @Sendable (_ source: ProtectedSource, _ environment: SourceEnvironment, _ previousFileCount: UInt64?) ->
            any DataSource
    /// How it is brought back.
    public var restorer: @Sendable (_ source: ProtectedSource, _ environment: SourceEnvironment) -> any SourceRestorer

    /// A factory of two closures.
    public init(
        dataSource: @escaping @Sendable (ProtectedSource, SourceEnvironment, UInt64?) -> any DataSource,
        restorer: @escaping @Sendable (ProtectedSource, SourceEnvironment) -> any SourceRestorer
    ) {
        self.dataSource = dataSource
        self.restorer = restorer
    }
}

/// Where events go; the ledger, or a test's list.
public protocol EventRecorder: Sendable {
    /// Appends an event. `kind` is one word: `backup`, `restore`, `verification`, `forget`.
    func record(_ kind: String, _ payload: some Encodable & Sendable) async throws
}
