/// How much data without use a repository may keep, so that prune need not copy for ever smaller gains.
public enum UnusedLimit: Sendable, Hashable, Codable {
    /// So much of what is used, in percent.
    case percent(Double)
    /// So many bytes.
    case bytes(UInt64)
    /// Packs that hold anything in use are left as they are.
    case unlimited

    /// The limit in bytes when `used` bytes are in use; nil for none.
    func byteCount(used: UInt64) -> UInt64? {
        switch self {
        case .percent(let percent): UInt64((Double(used) * max(0, percent) / 100).rounded())
        case .bytes(let count): count
        case .unlimited: nil
        }
    }
}

/// What prune shall do.
public struct PruneSettings: Sendable, Hashable, Codable {
    /// Unused bytes that may stay in packs which hold something in use.
    public var maxUnused = UnusedLimit.percent(5)
    /// Bytes of packs that are copied in one run at most; nil for no limit.
    public var maxRepackByteCount: UInt64?
    /// Join small packs of any number; else only ten or more very small ones.
    public var repacksSmall = false
    /// Copy packs with blobs that are not compressed, which a repository of format 1 has left behind.
    public var repacksUncompressed = false
    /// Bytes that new packs aim at.
    public var packByteCount = Sizes.pack
    /// Threads that copy.
    public var threadCount = 2
    /// Wall time, RFC 3339, for the removal list.
    public var now: String

    /// Settings with the defaults.
    public init(now: String) { self.now = now }
}
