/// Cuts into blocks of one size: for files whose pages change in place and never move.
public struct FixedCutter: Cutter {
    public let maximumByteCount: Int

    /// Blocks of `blockByteCount` bytes, at least 1; a power of two keeps them aligned to database pages.
    public init(blockByteCount: Int) {
        precondition(blockByteCount > 0, "a block holds at least one byte")
        maximumByteCount = blockByteCount
    }

    /// The block size for page files of `byteCount` bytes: 64 KiB up to 4 GiB, 256 KiB up to 64 GiB, 1 MiB beyond. A node lists
    /// 67 bytes per blob in every snapshot in which its file changed, so larger files take larger blocks.
    public static func blockByteCount(forFileOf byteCount: UInt64) -> Int {
        switch byteCount {
        case ...(4 << 30): 64 << 10
        case ...(64 << 30): 256 << 10
        default: 1 << 20
        }
    }

    public func nextLength(in window: UnsafeRawBufferPointer) -> Int {
        min(window.count, maximumByteCount)
    }
}
