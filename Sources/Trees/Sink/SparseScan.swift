/// Cuts bytes into runs of zero blocks, which may become holes, and runs of others. Blocks are 4 KiB of the file, not of the
/// bytes at hand; what is not a whole block is never a hole.
@safe struct SparseScan {
    // Safe: ranges stay within the buffer; the scan lives within the call that lends it.
    private let bytes: UnsafeRawBufferPointer
    private let misalignment: Int
    private var index = 0

    static let blockByteCount = 4_096

    struct Run {
        let range: Range<Int>
        let isHole: Bool
    }

    init(_ bytes: UnsafeRawBufferPointer, offset: UInt64) {
        unsafe self.bytes = bytes
        misalignment = Int(offset % UInt64(SparseScan.blockByteCount))
    }

    /// The next run; nil at the end.
    mutating func next() -> Run? {
        let start = index
        guard start < byteCount else { return nil }
        let isHole = step()
        while index < byteCount {
            let before = index
            if step() != isHole {
                index = before
                break
            }
        }
        return Run(range: start..<index, isHole: isHole)
    }

    private var byteCount: Int { unsafe bytes.count }

    /// Passes over what is left of a block and says whether that is a whole block of zeros.
    private mutating func step() -> Bool {
        let start = index
        let block = SparseScan.blockByteCount
        index = min(byteCount, start + block - (start + misalignment) % block)
        return index - start == block && isZero(start)
    }

    private func isZero(_ start: Int) -> Bool {
        for offset in stride(from: start, to: start + SparseScan.blockByteCount, by: 8)
        where unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) != 0 {
            return false
        }
        return true
    }
}
