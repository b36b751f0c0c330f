import Sealing

/// Keeps whole objects in a local directory, so that they are fetched once.
///
/// Only names that `keeps` accepts are kept, and only when their last part is the SHA-256 of their bytes: what comes out of
/// the cache is hashed, so a damaged or planted file is never believed. The cache is an aid and nothing more: when it cannot be
/// read or written the call goes to the store as if it were not there.
public final class CachingStore: ObjectStore {
    public let location: String
    private let store: any ObjectStore
    private let cache: DirectoryStore
    private let keeps: @Sendable (String) -> Bool

    /// Keeps what indexes and snapshots a repository has.
    public static let metadata: @Sendable (String) -> Bool = { name in
        name.utf8.starts(with: "index/".utf8) || name.utf8.starts(with: "snapshots/".utf8)
    }

    /// Caches objects of `store` in `directory`, which is made when it is missing. `keeps` says which, by their name.
    public init(
        _ store: any ObjectStore, directory: String, keeps: @escaping @Sendable (String) -> Bool = CachingStore.metadata
    ) {
        self.store = store
        self.keeps = keeps
        cache = DirectoryStore(root: directory, threadCount: 2)
        location = store.location
    }

    public func put(
        _ name: String, _ bytes: ArraySlice<UInt8>, digest: [UInt8]?, condition: PutCondition
    ) async throws(StoreError) {
        try await store.put(name, bytes, digest: digest, condition: condition)
        if let expected = expectedDigest(name), Array(digest ?? SHA256.digest(bytes).bytes) == expected.bytes {
            await keep(name, bytes)
        }
    }

    public func get(_ name: String, range: Range<UInt64>?) async throws(StoreError) -> [UInt8] {
        guard let digest = expectedDigest(name) else { return try await store.get(name, range: range) }
        if let range, range.isEmpty { return [] }
        if let whole = await kept(name, digest) {
            guard let range else { return whole }
            guard range.lowerBound < UInt64(whole.count) else {
                throw .invalidRange(range, name, byteCount: UInt64(whole.count), in: location)
            }
            return Array(whole[Int(range.lowerBound)..<Int(min(range.upperBound, UInt64(whole.count)))])
        }
        let bytes = try await store.get(name, range: range)
        if range == nil, SHA256.digest(bytes) == digest { await keep(name, bytes[...]) }
        return bytes
    }

    public func head(_ name: String) async throws(StoreError) -> ObjectInfo { try await store.head(name) }

    public func delete(_ names: [String]) async throws(StoreError) {
        let known = names.filter { expectedDigest($0) != nil }
        await drop(known)
        try await store.delete(names)
    }

    public func list(prefix: String, after: String?, limit: Int) async throws(StoreError) -> ListPage {
        try await store.list(prefix: prefix, after: after, limit: limit)
    }

    /// Reads a whole object into the cache, so that ranges of it are served from there.
    public func prefetch(_ name: String) async throws(StoreError) {
        _ = try await get(name, range: nil)
    }

    /// Drops everything below `prefix` whose name is not among `names`: what the store no longer lists.
    public func retain(only names: Set<String>, prefix: String = "") async {
        guard let objects = try? await cache.list(prefix: prefix) else { return }  // no cache: nothing to drop
        await drop(objects.map(\.name).filter { !names.contains($0) })
    }

    /// The digest that a name promises; nil when the object is not one to keep.
    private func expectedDigest(_ name: String) -> Digest? {
        guard let digest = Digest(hex: ObjectName.lastPart(of: name)), keeps(name) else { return nil }
        return digest
    }

    private func kept(_ name: String, _ digest: Digest) async -> [UInt8]? {
        // Whatever keeps us from reading the cache, the store has the object.
        guard let bytes = try? await cache.get(name) else { return nil }
        if SHA256.digest(bytes) == digest { return bytes }
        await drop([name])
        return nil
    }

    private func keep(_ name: String, _ bytes: ArraySlice<UInt8>) async {
        // Best effort: a full or read-only disk only makes the next call slower.
        if (try? await cache.makeRoot()) != nil { try? await cache.put(name, bytes, digest: nil, condition: .always) }
    }

    private func drop(_ names: [String]) async {
        // What stays is harmless: it is checked when it is read.
        try? await cache.delete(names)
    }
}
