public import Sealing

/// Which packs `check` reads from end to end.
public enum ReadDataScope: Sendable, Hashable {
    /// None: indexes, snapshots and trees only.
    case none
    /// All.
    case all
    /// One of `of` parts of about the same size: packs whose first byte leaves `part` - 1 when divided by `of`, as restic
    /// divides them. `part` is 1 ... `of`, `of` at most 256.
    case part(Int, of: Int)
    /// So much of all packs, drawn by `seed`; above 0, at most 100.
    case percent(Double, seed: UInt64)
    /// These.
    case packs(Set<PackID>)
}

/// How far a check has come.
public struct CheckProgress: Sendable, Hashable {
    /// What is being looked at.
    public enum Phase: String, Sendable {
        /// Index files, and the list of packs.
        case index
        /// Snapshots.
        case snapshots
        /// Trees; their number is not known before.
        case trees
        /// Packs, read from end to end.
        case packs
    }

    /// What is being looked at.
    public let phase: Phase
    /// So many are done.
    public let count: Int
    /// Of so many; nil when that is not known.
    public let total: Int?
    /// Bytes of packs read so far.
    public let byteCount: UInt64
    /// Bytes of packs to read.
    public let totalByteCount: UInt64
}

/// What `check` shall look at.
public struct CheckSettings: Sendable {
    /// Which packs are read from end to end.
    public var readData = ReadDataScope.none
    /// Threads that read packs. Each holds 8 MiB of a pack and one blob.
    public var threadCount = 2
    /// Called with each finding as it is made, from any thread, one at a time.
    public var report: @Sendable (CheckFinding) -> Void = { _ in }
    /// Called often, from any thread.
    public var progress: @Sendable (CheckProgress) -> Void = { _ in }

    /// The defaults: everything but the data.
    public init() {}

    /// Throws `.invalidArgument` when the scope makes no sense.
    func validate() throws(RepositoryError) {
        switch readData {
        case .part(let part, let of) where of < 1 || of > 256 || part < 1 || part > of:
            throw RepositoryError(
                .invalidArgument, "there is no part \(part)/\(of) of the data", subject: "--read-data-subset",
                hint: "give n/t with t from 1 to 256 and n from 1 to t")
        case .percent(let percent, _) where !(percent > 0 && percent <= 100):
            throw RepositoryError(
                .invalidArgument, "\(percent) % of the data cannot be read", subject: "--read-data-subset",
                hint: "give a percentage above 0 and up to 100")
        default: return
        }
    }
}

/// What `check` looked at and how it ended.
public struct CheckReport: Sendable, Hashable, Codable {
    /// Findings by severity.
    public internal(set) var errorCount = 0
    /// Findings that are no errors and should be looked after.
    public internal(set) var warningCount = 0
    /// Findings that are worth knowing.
    public internal(set) var noteCount = 0
    /// Snapshots that could be read.
    public internal(set) var snapshotCount = 0
    /// Different trees that could be read.
    public internal(set) var treeCount = 0
    /// Entries of the index.
    public internal(set) var blobCount = 0
    /// Different blobs that snapshots need.
    public internal(set) var usedBlobCount = 0
    /// Packs in the index.
    public internal(set) var packCount = 0
    /// Packs that were read from end to end.
    public internal(set) var readPackCount = 0
    /// Their bytes.
    public internal(set) var readByteCount: UInt64 = 0
    /// Packs that `repair packs` should look at, in hexadecimal form.
    public internal(set) var damagedPacks: [String] = []

    /// Nothing is missing or damaged as far as was looked.
    public var isClean: Bool { errorCount == 0 }
}
