import Configuration
import ObjectStore
import Repository
import Sealing
import Trees

/// Opens what the global options name.
struct RepositoryAccess {
    let context: CommandContext
    let options: GlobalOptions
    /// The store of the configuration that is meant; nil when the options and the environment say it all.
    var configured: ConfiguredStore?

    /// The address as it was given.
    func address() throws -> String {
        if let address = options.repository, !address.isEmpty { return address }
        if let configured { return configured.settings.repository }
        if let address = context.environment["LIFEBOAT_REPOSITORY"], !address.isEmpty { return address }
        throw CommandError(
            .repositoryNotNamed, "no repository was named",
            hint: "give --repo with a directory or s3:https://host/bucket/prefix, or set LIFEBOAT_REPOSITORY")
    }

    /// The same, with the store of the configuration where neither option nor environment names a repository.
    ///
    /// Throws `.repositoryNotNamed` when there is no configuration either.
    func resolved() async throws -> RepositoryAccess {
        let isNamed = options.repository?.isEmpty == false || context.variable("LIFEBOAT_REPOSITORY") != nil
        guard configured == nil, !isNamed || options.store != nil else { return self }
        let configuration: LifeboatConfiguration
        do {
            configuration = try await ConfigurationAccess(context: context, options: options).load()
        } catch let error as CommandError {
            guard error.code == .configurationMissing, options.config == nil, options.store == nil else { throw error }
            _ = try address()  // says what can be named
            return self
        }
        var access = self
        access.configured = try await ConfiguredStore(
            try RecoveryAccess.storeSettings(configuration, named: options.store),
            SecretResolver(environment: context.environment))
        return access
    }

    /// Asks for the password and opens the repository.
    func open() async throws -> OpenRepository {
        let access = try await resolved()
        let store = try await access.store()
        // Before anyone is asked for a password: is there something to open?
        try await Repository(store: store).probe()
        let password = try await access.password()
        let repository = try await Repository(store: store).open(password: password)
        return try access.cached(repository)
    }

    /// What the options say comes first, then the configuration, then the environment, then a person.
    private func password() async throws -> SecretBytes {
        if let configured, options.passwordFile == nil, options.passwordCommand == nil {
            return try await configured.password()
        }
        return try await Passwords(context: context, options: options).current()
    }

    /// The password of a repository that is to be made, with what deriving its key shall cost: of a new file, or the one that
    /// the configuration refers to, or as `Passwords` says.
    func newPassword(secretFile: String?) async throws -> (SecretBytes, ScryptParameters) {
        if secretFile == nil, let configured, options.passwordFile == nil, options.passwordCommand == nil {
            return (try await configured.password(), try .calibrated(clock: ContinuousClock()))
        }
        return try await Passwords(context: context, options: options).new(secretFile: secretFile, usesConfigured: true)
    }

    /// Opens it with its index loaded.
    func indexed() async throws -> IndexedRepository { try await open().indexed() }

    /// Opens it, and runs `body` under a shared lock unless the options say otherwise.
    func reading<R: Sendable>(
        _ reading: ReadingOptions, _ body: (OpenRepository) async throws -> R
    ) async throws -> R {
        let repository = try await open()
        if reading.noLock { return try await body(repository) }
        return try await repository.locked(.shared, locks) { _ in try await body(repository) }
    }

    /// Who takes locks, and how long to wait for them.
    var locks: LockSettings {
        let owner = LockOwner(
            hostname: context.hostname, username: context.user.name, pid: context.processID, uid: context.user.uid,
            gid: context.user.gid)
        var settings = LockSettings(owner: owner, now: context.now)
        settings.retryFor = options.retryLock.value
        let output = context.output
        settings.report = { error in
            output.message("warning: the lock could not be refreshed: \(ErrorReport(error).message)")
        }
        return settings
    }

    /// Who makes a key file.
    var keyOwner: KeyOwner {
        KeyOwner(username: context.user.name, hostname: context.hostname, created: context.now().rfc3339)
    }
}
