import ObjectStore
import Repository
import Sealing
import Trees

/// Opens what the global options name.
struct RepositoryAccess {
    let context: CommandContext
    let options: GlobalOptions

    /// The address as it was given.
    func address() throws -> String {
        if let address = options.repository, !address.isEmpty { return address }
        if let address = context.environment["LIFEBOAT_REPOSITORY"], !address.isEmpty { return address }
        throw CommandError(
            .repositoryNotNamed, "no repository was named",
            hint: "give --repo with a directory or s3:https://host/bucket/prefix, or set LIFEBOAT_REPOSITORY")
    }

    /// Asks for the password and opens the repository.
    func open() async throws -> OpenRepository {
        let store = try await store()
        // Before anyone is asked for a password: is there something to open?
        try await Repository(store: store).probe()
        let password = try await Passwords(context: context, options: options).current()
        let repository = try await Repository(store: store).open(password: password)
        return try cached(repository)
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
