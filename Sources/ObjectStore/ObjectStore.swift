/// A flat service from names to bytes: a directory, or a prefix of an S3 bucket. It knows nothing of blobs or snapshots.
///
/// Contract, proven by one suite (`StoreContract`) for every implementation and decorator:
/// - A name is a relative path: parts divided by `/`, no part empty, `.` or `..`, valid UTF-8 without NUL, at most 900 bytes.
/// - `put` is atomic: a reader sees the object whole or not at all, and once `put` returns the object survives a crash of
///   the caller and of the store's machine (as far as the store promises it). Putting an existing name replaces it, unless
///   the condition forbids it.
/// - `get`, `head` of a name that is not there throw `.notFound`. `delete` of such a name succeeds.
/// - Names come back from `list` in ascending order of their UTF-8 bytes, each once. An object that exists during the whole
///   listing is in it.
/// - All calls may be made at the same time from any task. Cancelling the task ends the call with `.cancelled` soon, without
///   leaving a part of an object visible.
/// - Nothing here retries: `RetryingStore` does, for errors that say `isTransient`.
public protocol ObjectStore: Sendable {
    /// Where the objects are, for messages: `/srv/backup` or `s3:https://host/bucket/prefix`. Holds no secret.
    var location: String { get }

    /// Stores `bytes` under `name`.
    ///
    /// `digest` is their SHA-256 in raw form when the caller has it already (a pack's name is its digest), so that signing
    /// needs no second pass.
    func put(
        _ name: String, _ bytes: ArraySlice<UInt8>, digest: [UInt8]?, condition: PutCondition
    ) async throws(StoreError)

    /// Reads an object, whole or the given bytes of it.
    ///
    /// A range that begins at or after the object's end throws `.invalidRange`; one that reaches beyond the end gives what
    /// there is. An empty range gives no bytes.
    func get(_ name: String, range: Range<UInt64>?) async throws(StoreError) -> [UInt8]

    /// Says how large an object is, without reading it.
    func head(_ name: String) async throws(StoreError) -> ObjectInfo

    /// Removes objects, in any order; names that are not there are fine.
    ///
    /// When some cannot be removed the others still are, and the first failure is thrown.
    func delete(_ names: [String]) async throws(StoreError)

    /// Lists names that begin with `prefix` (any string, it need not end at a `/`) and sort after `after`, at most `limit`
    /// (1 ... 1000) of them.
    func list(prefix: String, after: String?, limit: Int) async throws(StoreError) -> ListPage
}

/// When a `put` may happen.
public enum PutCondition: Sendable, Hashable {
    /// Always; what is there is replaced.
    case always
    /// Only when no object has that name, else `.alreadyExists`. Not every S3 server honours it: probe before relying on it.
    case ifAbsent
}

/// What a listing or `head` tells of one object.
public struct ObjectInfo: Sendable, Hashable {
    /// The object's full name.
    public let name: String
    /// Its size in bytes.
    public let byteCount: UInt64

    /// Describes one object.
    public init(name: String, byteCount: UInt64) {
        self.name = name
        self.byteCount = byteCount
    }
}

/// One page of a listing.
public struct ListPage: Sendable, Hashable {
    /// Objects in ascending order of the UTF-8 bytes of their names.
    public let objects: [ObjectInfo]
    /// True when the store has more after the last one.
    public let hasMore: Bool

    /// Makes a page.
    public init(objects: [ObjectInfo], hasMore: Bool) {
        self.objects = objects
        self.hasMore = hasMore
    }
}

extension ObjectStore {
    /// Stores `bytes` under `name`, replacing what is there.
    public func put(_ name: String, _ bytes: [UInt8]) async throws(StoreError) {
        try await put(name, bytes[...], digest: nil, condition: .always)
    }

    /// Reads a whole object.
    public func get(_ name: String) async throws(StoreError) -> [UInt8] {
        try await get(name, range: nil)
    }

    /// Removes one object; fine when it is not there.
    public func delete(_ name: String) async throws(StoreError) {
        try await delete([name])
    }

    /// Lists everything whose name begins with `prefix`, page after page.
    public func list(prefix: String) async throws(StoreError) -> [ObjectInfo] {
        var all = [ObjectInfo]()
        while true {
            let page = try await list(prefix: prefix, after: all.last?.name, limit: 1000)
            all += page.objects
            if !page.hasMore || page.objects.isEmpty { return all }
        }
    }
}
