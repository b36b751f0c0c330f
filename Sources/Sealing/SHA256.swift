import COpenSSL

/// SHA-256 (FIPS 180-4) of bytes in one call. Hot loops keep an `SHA256Hasher` instead, which allocates nothing per digest.
public enum SHA256 {
    /// The digest of `bytes`.
    public static func digest(_ bytes: UnsafeRawBufferPointer) -> Digest {
        var hasher = SHA256Hasher()
        unsafe hasher.update(bytes)
        return hasher.finish()
    }

    /// The digest of `bytes`.
    public static func digest(_ bytes: some Collection<UInt8>) -> Digest {
        var hasher = SHA256Hasher()
        hasher.update(bytes)
        return hasher.finish()
    }
}

/// A running SHA-256: made once per worker, used for any number of digests, one after another.
///
/// Safe: the context has one owner, is freed with it, and only mutating methods use it; so it may also change threads.
@safe
public struct SHA256Hasher: ~Copyable, @unchecked Sendable {
    // An algorithm that OpenSSL has looked up never changes and is meant to be shared by threads.
    private nonisolated(unsafe) static let algorithm = unsafe EVP_MD_fetch(nil, "SHA256", nil)

    private let context: OpaquePointer

    /// Makes a hasher that has seen no bytes.
    public init() {
        guard let algorithm = unsafe Self.algorithm, let context = unsafe EVP_MD_CTX_new(),
            unsafe EVP_DigestInit_ex2(context, algorithm, nil) == 1
        else { fatalError("OpenSSL has no SHA-256") }
        unsafe self.context = context
    }

    deinit { unsafe EVP_MD_CTX_free(context) }

    /// Takes in more bytes.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        guard unsafe EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1 else {
            fatalError("OpenSSL cannot hash")
        }
    }

    /// Takes in more bytes.
    public mutating func update(_ bytes: some Collection<UInt8>) {
        if bytes.withContiguousStorageIfAvailable({ unsafe update(UnsafeRawBufferPointer($0)) }) == nil {
            update([UInt8](bytes))
        }
    }

    /// The digest of all bytes so far; the hasher goes on with the next ones.
    public borrowing func digestSoFar() -> Digest {
        guard let copy = unsafe EVP_MD_CTX_new(), unsafe EVP_MD_CTX_copy_ex(copy, context) == 1 else {
            fatalError("OpenSSL cannot hash")
        }
        defer { unsafe EVP_MD_CTX_free(copy) }
        return unsafe withUnsafeTemporaryAllocation(byteCount: Digest.byteCount, alignment: 8) { output in
            let start = unsafe output.baseAddress?.assumingMemoryBound(to: UInt8.self)
            guard unsafe EVP_DigestFinal_ex(copy, start, nil) == 1 else { fatalError("OpenSSL cannot hash") }
            return unsafe Digest(in: UnsafeRawBufferPointer(output), at: 0)
        }
    }

    /// The digest of all bytes since the last one; the hasher then begins anew.
    public mutating func finish() -> Digest {
        unsafe withUnsafeTemporaryAllocation(byteCount: Digest.byteCount, alignment: 8) { output in
            let start = unsafe output.baseAddress?.assumingMemoryBound(to: UInt8.self)
            guard unsafe EVP_DigestFinal_ex(context, start, nil) == 1,
                unsafe EVP_DigestInit_ex2(context, nil, nil) == 1
            else { fatalError("OpenSSL cannot hash") }
            return unsafe Digest(in: UnsafeRawBufferPointer(output), at: 0)
        }
    }
}
