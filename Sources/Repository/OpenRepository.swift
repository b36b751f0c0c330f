public import ObjectStore
public import Sealing

/// A repository whose master key is known: objects can be read and written, blobs not yet found (`IndexedRepository` does).
public final class OpenRepository: Sendable {
    /// Where the objects are.
    public let store: any ObjectStore
    /// What `config` says.
    public let config: RepositoryConfig
    /// The key that seals everything.
    public let key: SealingKey
    /// Name of the key file that opened it.
    public let keyFile: Digest
    let ciphers: CipherPool

    /// For messages: where the repository is.
    public var location: String { store.location }

    init(store: any ObjectStore, config: RepositoryConfig, key: SealingKey, keyFile: Digest) {
        self.store = store
        self.config = config
        self.key = key
        self.keyFile = keyFile
        ciphers = CipherPool(key: key)
    }

    /// The same repository seen through another store, such as one with a cache in front.
    public func through(_ store: any ObjectStore) -> OpenRepository {
        OpenRepository(store: store, config: config, key: key, keyFile: keyFile)
    }

    /// Reads an index, a snapshot or a lock and gives its JSON.
    ///
    /// The name must be the digest of the stored bytes; when it is not, the object is read once more in case the transfer
    /// failed, then `.objectDamaged` is thrown.
    public func load(_ folder: String, _ digest: Digest) async throws -> [UInt8] {
        let name = Layout.object(folder, digest)
        var sealed = try await store.get(name)
        if SHA256.digest(sealed) != digest { sealed = try await store.get(name) }
        guard SHA256.digest(sealed) == digest else {
            throw RepositoryError(
                .objectDamaged, "the stored bytes do not have the digest that names them", subject: describe(name),
                hint: "run `lifeboat check`; a replica or another copy of this object can replace it")
        }
        return try open(sealed, name: name)
    }

    /// Opens bytes that were read from an unpacked object.
    func open(_ sealed: [UInt8], name: String) throws -> [UInt8] {
        do {
            return try UnpackedFile.unpack(try ciphers.open(sealed), subject: describe(name))
        } catch let error as SealingError {
            throw RepositoryError(
                .objectDamaged, "the object does not open with the key of this repository", subject: describe(name),
                hint: "it is damaged, or belongs to another repository", cause: error)
        }
    }

    /// Seals JSON and stores it under the digest of the sealed bytes.
    public func save(_ folder: String, json: [UInt8]) async throws -> Digest {
        let sealed = ciphers.seal(try UnpackedFile.pack(json))
        let digest = SHA256.digest(sealed)
        try await store.put(Layout.object(folder, digest), sealed[...], digest: digest.bytes, condition: .always)
        return digest
    }

    /// Names of all objects in a folder that are digests; others are not ours and are left out. Locks of zero bytes too, as
    /// restic does it. An index or a snapshot of zero bytes is damaged, not absent: who prunes must know.
    public func list(_ folder: String) async throws -> [Digest] {
        try await store.list(prefix: folder).compactMap { info in
            folder == Layout.locks && info.byteCount == 0 ? nil : Layout.digest(of: info.name)
        }
    }

    /// Drops from the cache on this machine, if there is one in front, what the store does not list any more.
    func trimCache(_ folder: String, to listed: [Digest]) async {
        guard let cache = store as? CachingStore else { return }
        await cache.retain(only: Set(listed.map { Layout.object(folder, $0) }), prefix: folder)
    }

    /// For messages: which object of which repository.
    func describe(_ name: String) -> String { "\(name) of \(location)" }
}
