/// Bounds on what storage may make us believe, allocate or do. Storage is hostile; each bound is well above what restic or
/// we ever write.
enum Limits {
    /// Largest unpacked file (config, index, snapshot, lock) in plain form: an index of 450 000 blobs takes 100 MB.
    static let unpackedByteCount = 1 << 30
    /// Largest blob in plain form. Blobs are held whole in memory.
    static let blobByteCount = 1 << 30
    /// Largest pack header that restic reads (16 MiB).
    static let packHeaderByteCount = 1 << 24
    /// Key files that are tried: restic tries no more than 20.
    static let keyFiles = 20
    /// Largest key file, plain JSON.
    static let keyFileByteCount: UInt64 = 1 << 16
    /// Directories in directories.
    static let treeDepth = 10_000
}

/// Sizes that we choose for what we write.
public enum Sizes {
    /// Bytes a pack aims at unless told otherwise.
    public static let pack = 16 << 20
    /// Smallest and largest sizes a pack may be told to aim at, as in restic.
    public static let packRange = (4 << 20)...(128 << 20)
    /// Blobs in one pack; keeps headers below 1 MiB.
    static let blobsPerPack = 20_000
    /// Blobs after which an index file is written, as in restic.
    static let blobsPerIndex = 50_000
}
