import ObjectStore
import Repository

extension RepositoryAccess {
    /// The store at the address. A directory that is not there is made only when `makesDirectory`.
    func store(makesDirectory: Bool = false) async throws -> any ObjectStore {
        let store = DirectoryStore(root: try address())
        if makesDirectory { try await store.makeRoot() }
        return store
    }

    /// The repository with a cache on this machine in front, unless the options say otherwise.
    func cached(_ repository: OpenRepository) throws -> OpenRepository { repository }
}
