import COpenSSL

/// Secret bytes at one place in memory that are overwritten when the last owner lets go.
///
/// Safe to share: the bytes never change once `init` returns, and the pointer does not leave `withBytes`.
@safe
public final class SecretBytes: @unchecked Sendable {
    private let storage: UnsafeMutableRawBufferPointer

    /// How many bytes there are.
    public var count: Int { unsafe storage.count }

    /// Makes `count` bytes that `fill` writes; they are zero before.
    public init<E: Error>(count: Int, fill: (UnsafeMutableRawBufferPointer) throws(E) -> Void) throws(E) {
        unsafe storage = .allocate(byteCount: count, alignment: 16)
        unsafe storage.initializeMemory(as: UInt8.self, repeating: 0)
        try unsafe fill(storage)
    }

    /// Copies `bytes`. The original is the caller's to forget.
    public convenience init(_ bytes: some Collection<UInt8>) {
        unsafe self.init(count: bytes.count) { unsafe $0.copyBytes(from: bytes) }
    }

    /// Draws `count` fresh bytes.
    public static func random(count: Int) -> SecretBytes {
        unsafe SecretBytes(count: count) { unsafe SecureRandom.fill($0) }
    }

    deinit {
        unsafe OPENSSL_cleanse(storage.baseAddress, storage.count)
        unsafe storage.deallocate()
    }

    /// Calls `body` with the bytes; the pointer must not outlive the call.
    public func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try unsafe body(UnsafeRawBufferPointer(storage))
    }

    /// Whether both hold the same bytes, in a time that depends on the length only.
    public func constantTimeEquals(_ other: SecretBytes) -> Bool {
        unsafe Sealing.constantTimeEquals(UnsafeRawBufferPointer(storage), UnsafeRawBufferPointer(other.storage))
    }

    /// Whether any of the bytes in `range` is other than zero; looks at all of them.
    func hasNonzero(in range: Range<Int>) -> Bool {
        unsafe storage[range].reduce(0) { $0 | $1 } != 0
    }
}

/// Whether both hold the same bytes, in a time that depends on the lengths only.
public func constantTimeEquals(_ one: UnsafeRawBufferPointer, _ other: UnsafeRawBufferPointer) -> Bool {
    guard one.count == other.count else { return false }
    guard let left = one.baseAddress, let right = other.baseAddress else { return true }
    return unsafe CRYPTO_memcmp(left, right, one.count) == 0
}

/// Whether both hold the same bytes, in a time that depends on the lengths only.
public func constantTimeEquals(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    unsafe one.withUnsafeBytes { left in unsafe other.withUnsafeBytes { unsafe constantTimeEquals(left, $0) } }
}
