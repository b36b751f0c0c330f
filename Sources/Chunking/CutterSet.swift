/// The cutters of one repository, their tables made once.
public struct CutterSet: Sendable {
    private let files: any Cutter
    private let dump: FastCDCCutter
    private let largeDump: FastCDCCutter

    /// Makes the cutters.
    ///
    /// - Parameters:
    ///   - key: 32 secret bytes of the repository, from which the gear tables come.
    ///   - rabin: the repository's polynomial, when files are to be cut as restic cuts them; nil cuts them with FastCDC.
    public init(key: [UInt8], rabin: Polynomial? = nil) {
        if let rabin {
            files = RabinCutter(polynomial: rabin)
        } else {
            files = FastCDCCutter(key: key, minimum: 512 << 10, normal: 1 << 20, maximum: 8 << 20)
        }
        dump = FastCDCCutter(key: key, minimum: 1 << 10, normal: 4 << 10, maximum: 16 << 10)
        largeDump = FastCDCCutter(key: key, minimum: 4 << 10, normal: 16 << 10, maximum: 64 << 10)
    }

    /// From this offset on a dump is cut coarsely, so that a large one does not fill the index.
    public static let fineDumpByteCount: UInt64 = 256 << 20

    /// The cutter for a file of `byteCount` bytes under `policy`; for dumps, whose size nobody knows before, from the offset
    /// `byteCount` on.
    public func cutter(for policy: ChunkingPolicy, byteCount: UInt64) -> any Cutter {
        switch policy {
        case .files: files
        case .pages: FixedCutter(blockByteCount: FixedCutter.blockByteCount(forFileOf: byteCount))
        case .smallPages: FixedCutter(blockByteCount: 16 << 10)
        case .dump: byteCount < CutterSet.fineDumpByteCount ? dump : largeDump
        }
    }
}
