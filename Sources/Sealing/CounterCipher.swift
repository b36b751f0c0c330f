import COpenSSL

/// AES-256 in counter mode with its key set once; each message sets only the counter.
///
/// Safe: the context has one owner and is freed with it; `Sealer` calls it from mutating methods only.
@safe
struct CounterCipher: ~Copyable {
    private nonisolated(unsafe) static let algorithm = unsafe EVP_CIPHER_fetch(nil, "AES-256-CTR", nil)
    /// OpenSSL counts in `int`; longer messages go in steps, which counter mode does not notice.
    private static let step = 1 << 30

    private let context: OpaquePointer

    init(key: SealingKey) {
        guard let algorithm = unsafe Self.algorithm, let context = unsafe EVP_CIPHER_CTX_new() else {
            fatalError("OpenSSL has no AES-256-CTR")
        }
        let done = unsafe key.secret.withBytes { secret in
            let start = unsafe secret.bytes(from: SealingKey.encryptRange.lowerBound)
            return unsafe EVP_EncryptInit_ex2(context, algorithm, start, nil, nil)
        }
        precondition(done == 1, "OpenSSL cannot take the key")
        unsafe self.context = context
    }

    deinit { unsafe EVP_CIPHER_CTX_free(context) }

    /// Encrypts or decrypts, which is the same, from the counter block `nonce` on.
    func apply(
        to input: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer, nonce: UnsafeRawBufferPointer
    ) {
        precondition(input.count == output.count, "counter mode keeps the length")
        guard unsafe EVP_EncryptInit_ex2(context, nil, nil, nonce.bytes(from: 0), nil) == 1 else {
            fatalError("OpenSSL cannot set the counter")
        }
        var done = 0
        while done < input.count {
            let count = Int32(min(input.count - done, Self.step))
            let target = unsafe output.baseAddress?.advanced(by: done).assumingMemoryBound(to: UInt8.self)
            var written: Int32 = 0
            guard unsafe EVP_EncryptUpdate(context, target, &written, input.bytes(from: done), count) == 1,
                written == count
            else { fatalError("OpenSSL cannot encrypt") }
            done += Int(count)
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Where the bytes from `offset` on begin, in the type OpenSSL wants.
    func bytes(from offset: Int) -> UnsafePointer<UInt8>? {
        unsafe baseAddress?.advanced(by: offset).assumingMemoryBound(to: UInt8.self)
    }
}
