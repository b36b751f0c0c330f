import ObjectStore
public import Sealing

extension OpenRepository {
    /// Removes the snapshots that a plan says. Their data stays until prune. Hold an exclusive lock.
    ///
    /// Gives the number of snapshots removed.
    @discardableResult
    public func forget(_ plan: ForgetPlan) async throws -> Int {
        let damaged = Set(plan.damaged)
        let ids = plan.removed.map(\.id)
        precondition(!ids.contains { damaged.contains($0) }, "a policy never removes what it could not read")
        return try await forget(ids)
    }

    /// Removes snapshots by name, readable or not. Hold an exclusive lock.
    @discardableResult
    public func forget(_ ids: [SnapshotID]) async throws -> Int {
        try await store.delete(ids.map { Layout.object(Layout.snapshots, $0.digest) })
        return ids.count
    }

    /// The full ID of each snapshot that a beginning names; damaged ones can be named too. `latest` is the newest of all.
    ///
    /// Throws `.snapshotMissing` or `.snapshotAmbiguous` for the first that does not name exactly one.
    public func snapshotIDs(naming texts: [String]) async throws -> [SnapshotID] {
        let all = try await list(Layout.snapshots).map(SnapshotID.init)
        var ids = [SnapshotID]()
        for text in texts {
            let matches = all.filter { !text.isEmpty && $0.hex.hasPrefix(text.lowercased()) }
            // Anything but a single match is for the finder of snapshots to name, or to refuse with its sentence.
            let id = matches.count == 1 ? matches[0] : try await findSnapshot(text).id
            if !ids.contains(id) { ids.append(id) }
        }
        return ids
    }
}
