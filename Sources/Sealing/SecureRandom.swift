import COpenSSL

/// Bytes nobody can guess: the only place where this module's randomness comes from.
public enum SecureRandom {
    /// Fills `buffer` from OpenSSL's generator. A machine that has no randomness left cannot go on safely, so it stops.
    public static func fill(_ buffer: UnsafeMutableRawBufferPointer) {
        var filled = 0
        while filled < buffer.count {
            let count = min(buffer.count - filled, 1 << 20)
            let start = unsafe buffer.baseAddress?.advanced(by: filled).assumingMemoryBound(to: UInt8.self)
            guard unsafe RAND_bytes(start, Int32(count)) == 1 else { fatalError("OpenSSL gives no random bytes") }
            filled += count
        }
    }

    /// `count` fresh bytes.
    public static func bytes(_ count: Int) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            unsafe fill(UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]))
            initialized = count
        }
    }
}

/// OpenSSL's generator in the shape the standard library asks for.
public struct SecureGenerator: RandomNumberGenerator, Sendable {
    /// Makes a generator; it holds nothing.
    public init() {}

    public mutating func next() -> UInt64 {
        var word: UInt64 = 0
        unsafe withUnsafeMutableBytes(of: &word) { unsafe SecureRandom.fill($0) }
        return word
    }
}
