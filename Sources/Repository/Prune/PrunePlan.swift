import Sealing

/// What the first run of prune would do. Making one changes nothing; it is printed by a dry run, and carried out as it is.
public struct PrunePlan: Sendable, Codable {
    /// A pack and why it is named.
    public struct Pack: Sendable, Hashable, Codable {
        /// Its name, in hexadecimal form.
        public let id: String
        /// Bytes of the whole pack.
        public let byteCount: UInt64
        /// Bytes of it that blobs in use take.
        public let usedByteCount: UInt64
        /// Why it is named.
        public let reason: Reason

        var pack: PackID? { PackID(hex: id) }
    }

    /// Why a pack is to be removed or copied.
    public enum Reason: String, Sendable, Hashable, Codable {
        /// No snapshot needs anything in it, or all of it is in other packs too.
        case unused
        /// No index names it: a backup was cut off.
        case unindexed
        /// An index names it, and it is not there; nothing in it is needed.
        case missing
        /// Some of it is not needed.
        case partlyUsed
        /// It holds both data and trees.
        case mixed
        /// It holds blobs that are not compressed.
        case uncompressed
        /// It is small.
        case small
    }

    /// Packs for the removal list without further work.
    public internal(set) var remove: [Pack] = []
    /// Packs whose used blobs are copied to new packs; then they go on the removal list too.
    public internal(set) var repack: [Pack] = []
    /// Packs on the lists of earlier first runs, which the next second run deletes.
    public internal(set) var waiting: [Pack] = []
    /// Packs on earlier lists that snapshots need again: the second run leaves them alone.
    public internal(set) var neededAgain: [Pack] = []

    /// Snapshots that were followed.
    public internal(set) var snapshotCount = 0
    /// Packs that are not named above.
    public internal(set) var keptPackCount = 0
    /// Different blobs in use.
    public internal(set) var usedBlobCount = 0
    /// Entries of the index for blobs that are not in use, or are there more than once.
    public internal(set) var unusedBlobCount = 0
    /// Bytes of all packs.
    public internal(set) var totalByteCount: UInt64 = 0
    /// Bytes that blobs in use take.
    public internal(set) var usedByteCount: UInt64 = 0
    /// Bytes without use that stay in packs which are kept.
    public internal(set) var keptUnusedByteCount: UInt64 = 0
    /// Bytes that are copied.
    public internal(set) var copiedByteCount: UInt64 = 0
    /// Bytes that the second run will free of what this plan lists, what is copied counted against it.
    public internal(set) var freedByteCount: UInt64 = 0
    /// The settings it was made with.
    public let settings: PruneSettings

    /// What was known when the plan was made; not part of its stored form.
    var basis: PruneBasis?

    enum CodingKeys: String, CodingKey {
        case remove, repack, waiting, neededAgain, snapshotCount, keptPackCount, usedBlobCount, unusedBlobCount
        case totalByteCount, usedByteCount, keptUnusedByteCount, copiedByteCount, freedByteCount, settings
    }

    init(settings: PruneSettings, basis: PruneBasis) {
        self.settings = settings
        self.basis = basis
    }

    /// Nothing to do in a first run.
    public var isEmpty: Bool { remove.isEmpty && repack.isEmpty }
}
