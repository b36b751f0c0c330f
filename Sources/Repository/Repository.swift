public import ObjectStore
public import Sealing

/// A place where a repository is or shall be, before any key is known.
public struct Repository: Sendable {
    /// Where the objects are.
    public let store: any ObjectStore

    /// Looks at a store; touches nothing.
    public init(store: any ObjectStore) {
        self.store = store
    }

    /// Makes a new repository with one key file and gives it opened.
    ///
    /// Throws `.alreadyExists` when there is a `config`, or key files or snapshots that a lost `config` left behind.
    public static func create(
        in store: any ObjectStore, password: SecretBytes, parameters: ScryptParameters, owner: KeyOwner
    ) async throws -> OpenRepository {
        try await refuseRemains(in: store)
        let config = RepositoryConfig.random()
        let key = SealingKey.random()
        let (digest, bytes) = try await KeyRing.make(password, key, parameters, owner)
        try await store.put(Layout.object(Layout.keys, digest), bytes)
        let repository = OpenRepository(store: store, config: config, key: key, keyFile: digest)
        let sealed = repository.ciphers.seal(try config.json())
        // The config comes last: without it there is no repository, so a kill before this leaves nothing that looks like one.
        try await store.put(Layout.config, sealed)
        return repository
    }

    private static func refuseRemains(in store: any ObjectStore) async throws {
        func taken(_ what: String) -> RepositoryError {
            RepositoryError(
                .alreadyExists, what, subject: store.location,
                hint: "choose another place; to start over here, remove what is there by hand first")
        }
        do {
            _ = try await store.head(Layout.config)
            throw taken("a repository is here already")
        } catch let error as StoreError where error.code == .notFound {}
        for folder in [Layout.keys, Layout.snapshots] {
            let page = try await store.list(prefix: folder, after: nil, limit: 1)
            guard page.objects.isEmpty else { throw taken("there is no config here, yet \(folder) is not empty") }
        }
    }

    /// Opens the repository with a password: each key file is tried, up to restic's bound of 20.
    ///
    /// Throws `.noRepository` without a `config`, `.wrongPassword` when no key file opens.
    public func open(password: SecretBytes) async throws -> OpenRepository {
        let sealedConfig = try await readConfig()
        let (digest, key) = try await KeyRing.find(in: store, password: password)
        let repository = try OpenRepository(
            store: store, config: RepositoryConfig(sealed: sealedConfig, key: key, location: store.location), key: key,
            keyFile: digest)
        return repository
    }

    /// Looks whether there is a repository, before anyone is asked for a password. Throws `.noRepository`.
    public func probe() async throws {
        do throws(StoreError) {
            _ = try await store.head(Layout.config)
        } catch {
            throw explained(error)
        }
    }

    private func readConfig() async throws -> [UInt8] {
        do throws(StoreError) {
            return try await store.get(Layout.config)
        } catch {
            throw explained(error)
        }
    }

    /// Says that there is no repository when that is what the store's error means.
    private func explained(_ error: StoreError) -> any Error {
        guard error.code == .notFound || error.code == .storeMissing else { return error }
        let isStoreMissing = error.code == .storeMissing
        return RepositoryError(
            .noRepository, isStoreMissing ? error.message : "there is no repository here: no object `config`",
            subject: store.location,
            hint: isStoreMissing && !error.hint.isEmpty
                ? error.hint : "check the address, or make one with `lifeboat init`",
            cause: error)
    }
}

extension RepositoryConfig {
    /// Opens the stored `config`, which is sealed and never compressed.
    init(sealed: [UInt8], key: SealingKey, location: String) throws {
        var sealer = Sealer(key: key)
        let json: [UInt8]
        do {
            json = try sealer.open(sealed)
        } catch {
            throw RepositoryError(
                .configDamaged, "config does not open with the key of this repository",
                subject: "config of \(location)",
                hint: "it is damaged, or belongs to another repository; bring it back from a replica or a copy",
                cause: error)
        }
        try self.init(json: json, location: location)
    }
}
