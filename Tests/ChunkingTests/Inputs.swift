import Chunking
import Sealing

/// A small generator whose whole sequence follows from its seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: (count + 7) & ~7) { buffer, initialized in
            buffer.withMemoryRebound(to: UInt64.self) { words in
                for index in words.indices { words[index] = next() }
            }
            initialized = count
        }
    }
}

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
