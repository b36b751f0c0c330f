import FoundationEssentials
import ObjectStore
public import Sealing

/// Who made a key file: three fields that people read in `key list`.
public struct KeyOwner: Sendable, Hashable {
    /// Name of the user.
    public let username: String
    /// Name of the machine.
    public let hostname: String
    /// When, RFC 3339.
    public let created: String

    /// Describes an owner.
    public init(username: String, hostname: String, created: String) {
        self.username = username
        self.hostname = hostname
        self.created = created
    }
}

/// One key file as `key list` shows it.
public struct KeyEntry: Sendable, Hashable {
    /// Name of the file.
    public let digest: Digest
    /// Who made it and when.
    public let owner: KeyOwner
    /// Is it the one that opened the repository?
    public let isCurrent: Bool
}

/// The key files of a repository: each opens the same master key with another password.
enum KeyRing {
    static let lane = BlockingLane(name: "scrypt", threadCount: 1)

    /// Makes a key file; gives its name and bytes. scrypt takes its time, so it runs on a lane.
    static func make(
        _ password: SecretBytes, _ key: SealingKey, _ parameters: ScryptParameters, _ owner: KeyOwner
    ) async throws -> (Digest, [UInt8]) {
        let file = try await lane.run { () throws(SealingError) in
            try KeyFile.make(
                password: password, key: key, parameters: parameters, created: owner.created, username: owner.username,
                hostname: owner.hostname)
        }
        let bytes = try file.encoded()
        return (SHA256.digest(bytes), bytes)
    }

    /// Tries the key files in the order in which the store lists them.
    static func find(in store: any ObjectStore, password: SecretBytes) async throws -> (Digest, SealingKey) {
        var damage: (any Error)?
        let files = try await store.list(prefix: Layout.keys).filter { Layout.digest(of: $0.name) != nil }
        for info in files.prefix(Limits.keyFiles) {
            do {
                let (digest, file) = try await load(info, from: store)
                return (digest, try await lane.run { () throws(SealingError) in try file.open(password: password) })
            } catch let error as SealingError where error.code == .wrongPassword {
                continue
            } catch let error as RepositoryError {
                damage = damage ?? error
            } catch let error as SealingError {
                damage = damage ?? unusable(info.name, store.location, error)
            }
        }
        if let damage { throw damage }
        guard files.isEmpty else { throw wrongPassword(store.location, tried: min(files.count, Limits.keyFiles)) }
        throw RepositoryError(
            .keyDamaged, "there is no key file", subject: "keys/ of \(store.location)",
            hint: "without one the repository cannot be opened; bring keys/ back from a replica or a copy")
    }

    private static func wrongPassword(_ location: String, tried: Int) -> RepositoryError {
        RepositoryError(
            .wrongPassword,
            tried == 1
                ? "wrong password: the key file does not open" : "wrong password: none of \(tried) key files opens",
            subject: location,
            hint: "check --password-file, --password-command, LIFEBOAT_PASSWORD_FILE, or `password:` in lifeboat.yaml")
    }

    private static func unusable(_ name: String, _ location: String, _ cause: any Error) -> RepositoryError {
        RepositoryError(
            .keyDamaged, "the key file cannot be used: \((cause as? SealingError)?.message ?? "\(cause)")",
            subject: "\(name) of \(location)",
            hint: "it is cut short or damaged; bring it back from a replica or a copy, or open with another key",
            cause: cause)
    }

    /// Reads one key file, whose name must be its digest.
    static func load(_ info: ObjectInfo, from store: any ObjectStore) async throws -> (Digest, KeyFile) {
        guard let digest = Layout.digest(of: info.name) else {
            preconditionFailure("only names that are digests are looked at")
        }
        guard info.byteCount <= Limits.keyFileByteCount else {
            throw RepositoryError(
                .keyDamaged, "the key file is far too large (\(info.byteCount) bytes)",
                subject: "\(info.name) of \(store.location)", hint: "it is no key file; remove it by hand")
        }
        let bytes = try await store.get(info.name)
        guard SHA256.digest(bytes) == digest else {
            throw RepositoryError(
                .keyDamaged, "the key file is cut short or damaged: its bytes do not have the digest that names them",
                subject: "\(info.name) of \(store.location)",
                hint: "bring it back from a replica or a copy, or open with another key")
        }
        do {
            return (digest, try KeyFile(json: bytes))
        } catch {
            throw unusable(info.name, store.location, error)
        }
    }
}

extension OpenRepository {
    /// All key files that can be read, the one in use marked.
    public func keys() async throws -> [KeyEntry] {
        var entries = [KeyEntry]()
        for info in try await store.list(prefix: Layout.keys) where Layout.digest(of: info.name) != nil {
            let (digest, file) = try await KeyRing.load(info, from: store)
            let owner = KeyOwner(
                username: file.username ?? "", hostname: file.hostname ?? "", created: file.created ?? "")
            entries.append(KeyEntry(digest: digest, owner: owner, isCurrent: digest == keyFile))
        }
        return entries
    }

    /// Adds a key file that opens this repository with another password, and gives its name.
    public func addKey(password: SecretBytes, parameters: ScryptParameters, owner: KeyOwner) async throws -> Digest {
        let count = try await store.list(prefix: Layout.keys).count
        guard count < Limits.keyFiles else {
            throw RepositoryError(
                .invalidArgument, "there are \(count) key files, and restic tries no more than \(Limits.keyFiles)",
                subject: "keys/ of \(location)", hint: "remove one that is no longer used: `lifeboat key remove ID`")
        }
        let (digest, bytes) = try await KeyRing.make(password, key, parameters, owner)
        let name = Layout.object(Layout.keys, digest)
        try await store.put(name, bytes)
        // Read back before anyone relies on it: a password that opens nothing is found out too late otherwise.
        let (_, stored) = try await KeyRing.load(ObjectInfo(name: name, byteCount: UInt64(bytes.count)), from: store)
        _ = try await KeyRing.lane.run { () throws(SealingError) in try stored.open(password: password) }
        return digest
    }

    /// Removes a key file; never the one in use, so that the repository cannot lock itself out.
    public func removeKey(_ digest: Digest) async throws {
        guard digest != keyFile else {
            throw RepositoryError(
                .keyNeeded, "this key is the one in use", subject: "keys/\(digest.hex) of \(location)",
                hint: "open the repository with another password to remove it")
        }
        try await store.delete(Layout.object(Layout.keys, digest))
    }

    /// Replaces the key file in use by one with another password: the new one is written and proven before the old one goes.
    public func changePassword(
        to password: SecretBytes, parameters: ScryptParameters, owner: KeyOwner
    ) async throws -> Digest {
        let digest = try await addKey(password: password, parameters: parameters, owner: owner)
        try await store.delete(Layout.object(Layout.keys, keyFile))
        return digest
    }
}
