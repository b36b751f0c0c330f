import ObjectStore
public import Sealing
import Synchronization

/// How blobs are compressed and packed.
public struct WriterSettings: Sendable, Hashable {
    /// zstd level; 3 is restic's default.
    public var compressionLevel: Int32 = 3
    /// False stores data as it is; trees are compressed always.
    public var compressesData = true
    /// Bytes a pack aims at.
    public var packByteCount = Sizes.pack
    /// Threads that store blobs.
    public var threadCount = 2
    /// Packs that may be uploading at the same time.
    public var uploadCount = 1
    /// How long packs may be stored and not yet listed in an index file: what a kill would cost.
    public var indexInterval: Duration = .seconds(300)

    /// The defaults.
    public init() {}
}

/// What a writer has stored.
public struct WriterTotals: Sendable, Hashable {
    /// New blobs, by type.
    public var dataBlobs: UInt64 = 0
    /// New tree blobs.
    public var treeBlobs: UInt64 = 0
    /// Plain bytes of the new blobs.
    public var plainByteCount: UInt64 = 0
    /// Sealed bytes of the new blobs.
    public var storedByteCount: UInt64 = 0
    /// Bytes handed to the store: packs and index files.
    public var uploadedByteCount: UInt64 = 0
    /// Names of the packs.
    public var packs: [PackID] = []
}

/// Stores blobs that a repository does not hold yet: compress, seal, pack, upload, index.
///
/// `store` is called from threads, several at once, each with its own tools. It blocks while too many packs wait for the
/// network. After the last blob `finish` uploads what is left and writes the index; only then may anything refer to the blobs.
public final class BlobWriter: Sendable {
    private struct Pending {
        var packs: [PackRecord] = []
        var blobCount = 0
        var since = ContinuousClock.now
        var uploads: [Int: Task<Void, Never>] = [:]
        var nextUpload = 0
        var failure: (any Error)?
    }

    private let repository: OpenRepository
    private let table: BlobTable
    private let settings: WriterSettings
    private let isDryRun: Bool
    private let lock: RepositoryLock?
    private let pools: [PackPool]
    private let inFlight: [InFlight] = [InFlight(), InFlight()]
    private let pending = Mutex(Pending())
    private let totals = Mutex(WriterTotals())

    /// Makes a writer. Blobs that `indexed` holds in packs that stay are not stored again.
    /// With `isDryRun` blobs are counted and thrown away. `lock` is what keeps prune away from packs that no index names yet.
    public init(
        _ indexed: IndexedRepository, settings: WriterSettings, isDryRun: Bool = false, lock: RepositoryLock? = nil
    ) {
        self.isDryRun = isDryRun
        self.lock = lock
        repository = indexed.repository
        table = indexed.table
        self.settings = settings
        let room = settings.packByteCount + (1 << 20)
        let openLimit = max(1, settings.threadCount / 4)
        pools = [
            PackPool(openLimit: openLimit, limit: openLimit + settings.uploadCount, byteCount: room),
            PackPool(openLimit: 1, limit: 2, byteCount: room),
        ]
    }

    /// Tools for one thread that will call `store`.
    func tools() -> WriterTools {
        WriterTools(
            key: repository.key, level: settings.compressionLevel, compressesData: settings.compressesData)
    }

    /// Stores a blob unless it is there already, and says whether it was new. When this returns, the blob is in a pack in
    /// memory at least; it is in the store after `finish`.
    ///
    /// Throws what ended the writer: a failed upload ends all of it.
    func store(
        _ plain: UnsafeRawBufferPointer, _ type: BlobType, tools: WriterTools
    ) throws -> (id: BlobID, isNew: Bool) {
        let id = BlobID(unsafe tools.digest(plain))
        if table.holds(id, type) || !inFlight[Int(type.rawValue)].insert(id.digest) { return (id, false) }
        try unsafe add(id, type, plain, tools: tools)
        return (id, true)
    }

    /// Stores a blob even when the table holds it: prune copies what it wants to move. Once only per writer.
    func copy(_ id: BlobID, _ type: BlobType, _ plain: UnsafeRawBufferPointer, tools: WriterTools) throws {
        guard inFlight[Int(type.rawValue)].insert(id.digest) else { return }
        try unsafe add(id, type, plain, tools: tools)
    }

    /// Stores a blob, once per writer, in the sealed form it has: prune and repair move blobs that they have opened and proven.
    func copy(_ blob: PackRecord.Blob, sealed: UnsafeRawBufferPointer, tools: WriterTools) throws {
        guard inFlight[Int(blob.type.rawValue)].insert(blob.id.digest) else { return }
        if isDryRun { return count(blob.type, plain: blob.plainByteCount, stored: sealed.count) }
        try append(blob.type, byteCount: sealed.count, sealer: &tools.sealer) { builder, _ in
            unsafe builder.append(blob.id, blob.type, sealed: sealed, compressedFrom: blob.compressedFrom)
        }
        count(blob.type, plain: blob.plainByteCount, stored: sealed.count)
    }

    private func add(_ id: BlobID, _ type: BlobType, _ plain: UnsafeRawBufferPointer, tools: WriterTools) throws {
        guard plain.count <= Limits.blobByteCount else {
            throw RepositoryError(.invalidArgument, "a blob of \(plain.count) bytes is too large", subject: id.hex)
        }
        let plainByteCount = plain.count
        if isDryRun { return count(type, plain: plainByteCount, stored: 0) }
        try unsafe tools.compressed(plain, type) { content, compressedFrom, sealer in
            let byteCount = content.count + Sealer.overhead
            try append(type, byteCount: byteCount, sealer: &sealer) { builder, sealer in
                unsafe builder.append(id, type, content, compressedFrom: compressedFrom, sealer: &sealer)
            }
            count(type, plain: plainByteCount, stored: byteCount)
        }
    }

    /// Lets `body` add a blob of `byteCount` sealed bytes to a pack with room for it.
    private func append(
        _ type: BlobType, byteCount: Int, sealer: inout Sealer, _ body: (PackBuilder, inout Sealer) -> Void
    ) throws {
        let pool = pools[Int(type.rawValue)]
        var builder = try take(pool)
        if !builder.isEmpty, builder.byteCount(adding: byteCount) > settings.packByteCount {
            send(builder, pool, sealer: &sealer)
            builder = try take(pool)
        }
        body(builder, &sealer)
        let isFull = builder.bytes.count >= settings.packByteCount || builder.blobs.count >= Sizes.blobsPerPack
        if isFull { send(builder, pool, sealer: &sealer) } else { pool.putBack(builder) }
    }

    private func take(_ pool: PackPool) throws -> PackBuilder {
        guard let builder = pool.take() else { throw failure }
        return builder
    }

    private var failure: any Error {
        pending.withLock { $0.failure }
            ?? RepositoryError(.cancelled, "storing was ended", subject: repository.location)
    }

    private func count(_ type: BlobType, plain: Int, stored: Int) {
        totals.withLock { totals in
            if type == .data { totals.dataBlobs += 1 } else { totals.treeBlobs += 1 }
            totals.plainByteCount += UInt64(plain)
            totals.storedByteCount += UInt64(stored)
        }
    }

    /// What has been stored so far.
    public var progress: WriterTotals { totals.withLock { $0 } }

    // MARK: Upload lane

    private func send(_ builder: PackBuilder, _ pool: PackPool, sealer: inout Sealer) {
        let record = builder.finish(sealer: &sealer)
        pool.sendOff()
        pending.withLock { pending in
            let number = pending.nextUpload
            pending.nextUpload += 1
            pending.uploads[number] = Task { await self.upload(builder, record, pool, number) }
        }
    }

    private func upload(_ builder: PackBuilder, _ record: PackRecord, _ pool: PackPool, _ number: Int) async {
        do {
            try Task.checkCancellation()
            let byteCount = UInt64(builder.bytes.count)
            try await put(builder, record.id)
            totals.withLock {
                $0.uploadedByteCount += byteCount
                $0.packs.append(record.id)
            }
            pool.recycle(builder)
            try await list(record)
        } catch {
            fail(error)
        }
        pending.withLock { _ = $0.uploads.removeValue(forKey: number) }
    }

    private func put(_ builder: PackBuilder, _ id: PackID) async throws {
        try await repository.store.put(Layout.pack(id), builder.bytes[...], digest: id.digest.bytes, condition: .always)
    }

    /// Notes an uploaded pack, and writes an index file when enough of them wait for one.
    private func list(_ record: PackRecord) async throws {
        let due: [PackRecord]? = pending.withLock { pending in
            pending.packs.append(record)
            pending.blobCount += record.blobs.count
            let isLate = pending.since.duration(to: ContinuousClock.now) > settings.indexInterval
            guard pending.blobCount >= Sizes.blobsPerIndex || isLate else { return nil }
            return BlobWriter.takePacks(&pending)
        }
        if let due { try await writeIndex(due) }
    }

    private static func takePacks(_ pending: inout Pending) -> [PackRecord] {
        defer {
            pending.packs = []
            pending.blobCount = 0
            pending.since = ContinuousClock.now
        }
        return pending.packs
    }

    /// Lists packs in an index file, which must never name one that is gone: later backups would rely on it. Asked before, and
    /// once more after writing, since the process may have been stopped in between.
    private func writeIndex(_ packs: [PackRecord]) async throws {
        var packs = try await stillThere(packs)
        while !packs.isEmpty {
            let digest = try await repository.save(Layout.indexes, json: IndexFile.json(packs))
            let rest = try await stillThere(packs)
            if rest.count == packs.count { return }
            try await repository.store.delete(Layout.object(Layout.indexes, digest))
            packs = rest
        }
    }

    /// All of the packs while our lock stands, for nothing deletes them then; once it is lost, those that the store lists.
    private func stillThere(_ packs: [PackRecord]) async throws -> [PackRecord] {
        guard let lock, try await lock.isLost() else { return packs }
        let stored = Set(
            try await repository.store.list(prefix: Layout.packs).compactMap { Layout.digest(of: $0.name) })
        return packs.filter { stored.contains($0.id.digest) }
    }

    private func fail(_ error: any Error) {
        pending.withLock { $0.failure = $0.failure ?? error }
        close()
    }

    /// Wakes threads that wait in `store`; they throw.
    func close() {
        for pool in pools { pool.close() }
    }

    /// Uploads what is left and writes the index. No `store` may be running any more.
    public func finish() async throws -> WriterTotals {
        var sealer = Sealer(key: repository.key)
        for pool in pools {
            for builder in pool.drain() {
                pool.adopt()
                send(builder, pool, sealer: &sealer)
            }
        }
        await waitForUploads()
        if let failure = pending.withLock({ $0.failure }) { throw failure }
        try Task.checkCancellation()
        let packs = pending.withLock { BlobWriter.takePacks(&$0) }
        if !packs.isEmpty { try await writeIndex(packs) }
        return progress
    }

    private func waitForUploads() async {
        while let upload = pending.withLock({ $0.uploads.first?.value }) { await upload.value }
    }

    /// Ends all uploads and wakes threads that wait in `store`; then writes an index of the packs that did arrive, so that the
    /// next try finds them.
    public func abort() async {
        fail(RepositoryError(.cancelled, "the backup was ended", subject: repository.location))
        for upload in pending.withLock({ Array($0.uploads.values) }) { upload.cancel() }
        await waitForUploads()
        let packs = pending.withLock { BlobWriter.takePacks(&$0) }
        guard !packs.isEmpty else { return }
        // Losing the error is right: the packs are merely not found by the next try, and prune removes them.
        await Task.detached { try? await self.writeIndex(packs) }.value
    }
}

/// Digests of blobs that this writer has taken on, in shards so that threads seldom wait for each other.
private final class InFlight: Sendable {
    private final class Shard: Sendable {
        let set = Mutex<Set<Digest>>([])
    }

    private let shards: [Shard] = (0..<64).map { _ in Shard() }

    /// False when it was in already.
    func insert(_ digest: Digest) -> Bool {
        shards[Int(truncatingIfNeeded: digest.leadingWord >> 58)].set.withLock { $0.insert(digest).inserted }
    }
}
