/// Cuts bytes into runs of zero blocks, which may become holes, and runs of others. Blocks are 4 KiB of the file, not of the
/// bytes at hand: of the first and last only a part may be there, and when that is zero it counts as well, since skipping or
/// punching it leaves zeros.
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

    /// Passes over what is left of a block and says whether it is all zero.
    private mutating func step() -> Bool {
        let start = index
        let block = SparseScan.blockByteCount
        index = min(byteCount, start + block - (start + misalignment) % block)
        return isZero(start..<index)
    }

    private func isZero(_ range: Range<Int>) -> Bool {
        var offset = range.lowerBound
        while range.upperBound - offset >= 8 {
            if unsafe bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self) != 0 { return false }
            offset += 8
        }
        while offset < range.upperBound {
            if unsafe bytes[offset] != 0 { return false }
            offset += 1
        }
        return true
    }
}
