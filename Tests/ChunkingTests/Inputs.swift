import Chunking
import Sealing

extension Cutter {
    /// The lengths of all chunks of `input`, each asked for with no more bytes in sight than the protocol promises.
    func lengths(of input: [UInt8]) -> [Int] {
        input.withUnsafeBytes { bytes in
            var lengths = [Int]()
            var start = 0
            while start < bytes.count {
                let window = bytes[start..<Swift.min(bytes.count, start + maximumByteCount)]
                let length = nextLength(in: UnsafeRawBufferPointer(rebasing: window))
                precondition(length > 0 && length <= window.count, "a cutter left its window")
                lengths.append(length)
                start += length
            }
            return lengths
        }
    }

    /// The SHA-256 of every chunk of `input`.
    func digests(of input: [UInt8]) -> [Digest] {
        var start = 0
        return lengths(of: input).map { length in
            defer { start += length }
            return SHA256.digest(input[start..<start + length])
        }
    }
}
