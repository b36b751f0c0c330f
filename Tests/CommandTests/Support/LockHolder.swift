import FoundationEssentials
import Glibc
import ObjectStore
import Repository
import Sealing

/// Another process on another machine that holds a lock.
struct LockHolder {
    private let lock: RepositoryLock

    init(_ place: Workplace, exclusive: Bool) async throws {
        let repository = try await Repository(store: DirectoryStore(root: place.repository))
            .open(password: SecretBytes(Array(Workplace.password.utf8)))
        let owner = LockOwner(hostname: "elsewhere", username: "someone", pid: 4711, uid: 1, gid: 1)
        lock = try await RepositoryLock.take(
            exclusive ? .exclusive : .shared, on: repository, LockSettings(owner: owner, now: Workplace.wallTime))
    }

    func release() async { await lock.release() }
}

/// The `config` of a repository format that does not exist yet.
enum NewerConfig {
    static func write(to place: Workplace) async throws {
        let store = DirectoryStore(root: place.repository)
        let repository = try await Repository(store: store)
            .open(password: SecretBytes(Array(Workplace.password.utf8)))
        var sealer = Sealer(key: repository.key)
        let json = #"{"version":3,"id":"\#(repository.config.id)","chunker_polynomial":"25b468838dcb75"}"#
        chmod(place.path("repository/config"), 0o600)
        try await store.put("config", sealer.seal(Array(json.utf8)))
    }
}
