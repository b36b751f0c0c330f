public import Sealing
public import Trees

/// A snapshot and the name of its file.
public struct SnapshotEntry: Sendable, Hashable {
    /// Name of the file.
    public let id: SnapshotID
    /// What it says.
    public let snapshot: Snapshot
    /// When it was made.
    public let moment: Timestamp
    /// The tree it saved.
    public let tree: BlobID

    init(id: SnapshotID, snapshot: Snapshot) throws(RepositoryError) {
        guard let moment = snapshot.moment, let tree = snapshot.treeID else {
            throw RepositoryError(.snapshotDamaged, "the snapshot lacks time or tree", subject: id.hex)
        }
        self.id = id
        self.snapshot = snapshot
        self.moment = moment
        self.tree = tree
    }
}

/// All snapshots of a repository, oldest first, and those that could not be read.
public struct SnapshotList: Sendable {
    /// Readable snapshots, oldest first; equal moments in order of their IDs.
    public let entries: [SnapshotEntry]
    /// Names of files that could not be read, with the reason.
    public let damaged: [(id: SnapshotID, error: any Error)]
}

/// Which snapshots are meant; everything left empty matches all.
public struct SnapshotFilter: Sendable, Hashable {
    /// Host names, any of them.
    public var hosts: [String] = []
    /// Lists of tags: a snapshot matches when it has all tags of any list.
    public var tags: [[String]] = []
    /// Paths: a snapshot matches when it has all of them.
    public var paths: [String] = []

    /// Matches every snapshot.
    public init() {}

    /// Is the snapshot meant?
    public func matches(_ snapshot: Snapshot) -> Bool {
        let host = hosts.isEmpty || hosts.contains(snapshot.hostname ?? "")
        let own = Set(snapshot.tags ?? [])
        let tag = tags.isEmpty || tags.contains { $0.allSatisfy { $0.isEmpty ? own.isEmpty : own.contains($0) } }
        let path = Set(snapshot.paths ?? []).isSuperset(of: paths)
        return host && tag && path
    }
}

extension OpenRepository {
    private static let readsAtOnce = 16

    /// Reads all snapshots. Damaged ones are listed apart: one bad file must not hide the others.
    public func snapshots() async throws -> SnapshotList {
        let ids = try await list(Layout.snapshots).map(SnapshotID.init)
        await trimCache(Layout.snapshots, to: ids.map(\.digest))
        var entries = [SnapshotEntry]()
        var damaged = [(id: SnapshotID, error: any Error)]()
        try await withThrowingTaskGroup(of: (SnapshotID, Result<SnapshotEntry, any Error>)?.self) { group in
            func collect(_ result: (SnapshotID, Result<SnapshotEntry, any Error>)?) {
                switch result {
                case (_, .success(let entry))?: entries.append(entry)
                case (let id, .failure(let error))?: damaged.append((id, error))
                case nil: break
                }
            }
            for (number, id) in ids.enumerated() {
                if number >= OpenRepository.readsAtOnce, let result = try await group.next() { collect(result) }
                group.addTask { try await self.readSnapshot(id) }
            }
            for try await result in group { collect(result) }
        }
        entries.sort { ($0.moment, $0.id) < ($1.moment, $1.id) }
        return SnapshotList(entries: entries, damaged: damaged)
    }

    /// nil when the file went since it was listed; a failure of the store that may pass ends everything.
    private func readSnapshot(_ id: SnapshotID) async throws -> (SnapshotID, Result<SnapshotEntry, any Error>)? {
        do {
            return (id, .success(try await snapshot(id)))
        } catch let error as RepositoryError {
            return (id, .failure(error))
        } catch let error where isNotFound(error) {
            return nil
        }
    }

    /// Reads one snapshot.
    public func snapshot(_ id: SnapshotID) async throws -> SnapshotEntry {
        let json = try await load(Layout.snapshots, id.digest)
        let subject = describe(Layout.object(Layout.snapshots, id.digest))
        return try SnapshotEntry(id: id, snapshot: Snapshot(json: json, subject: subject))
    }

    /// Finds one snapshot by `latest`, a full ID, or the beginning of one that no other shares.
    ///
    /// `latest` looks at `filter`; an ID is taken as it is. Throws `.snapshotMissing` or `.snapshotAmbiguous`.
    public func findSnapshot(_ text: String, filter: SnapshotFilter = SnapshotFilter()) async throws -> SnapshotEntry {
        if text == "latest" {
            let list = try await snapshots()
            guard let latest = list.entries.last(where: { filter.matches($0.snapshot) }) else {
                throw RepositoryError(
                    .snapshotMissing, list.entries.isEmpty ? "there is no snapshot yet" : "no snapshot matches",
                    subject: location, hint: "`lifeboat snapshots` lists what there is")
            }
            return latest
        }
        let ids = try await list(Layout.snapshots).map(SnapshotID.init).filter { $0.hex.hasPrefix(text.lowercased()) }
        guard !text.isEmpty, let first = ids.first else {
            throw RepositoryError(
                .snapshotMissing, "no snapshot's ID begins with `\(text)`", subject: location,
                hint: "`lifeboat snapshots` lists what there is; `latest` is the newest")
        }
        guard ids.count == 1 else {
            throw RepositoryError(
                .snapshotAmbiguous, "\(ids.count) snapshots begin with `\(text)`", subject: location,
                hint: "give more digits: " + ids.prefix(4).map { String($0.hex.prefix(12)) }.joined(separator: ", "))
        }
        return try await snapshot(first)
    }

    /// Stores a snapshot and gives its ID. Everything it needs must be stored and indexed by now.
    public func save(_ snapshot: Snapshot) async throws -> SnapshotID {
        SnapshotID(try await save(Layout.snapshots, json: try snapshot.json()))
    }
}
