import COpenSSL

/// Random nonces, drawn 64 at a time: one call of the generator costs more than sealing a small blob does.
///
/// Safe: the buffer has one owner and is freed with it. Whoever forks must not go on sealing in the child, which would repeat
/// the nonces of its parent.
@safe
struct NonceSource: ~Copyable {
    private let buffer: UnsafeMutableRawBufferPointer
    private var offset: Int

    init() {
        unsafe buffer = .allocate(byteCount: 64 * Sealer.nonceByteCount, alignment: 16)
        offset = unsafe buffer.count
    }

    deinit {
        unsafe OPENSSL_cleanse(buffer.baseAddress, buffer.count)
        unsafe buffer.deallocate()
    }

    /// The next 16 bytes, valid until the next call; never all zero, which restic refuses.
    mutating func next() -> UnsafeRawBufferPointer {
        while true {
            if unsafe offset == buffer.count {
                unsafe SecureRandom.fill(buffer)
                offset = 0
            }
            let nonce = unsafe UnsafeRawBufferPointer(rebasing: buffer[offset..<offset + Sealer.nonceByteCount])
            offset += Sealer.nonceByteCount
            if unsafe nonce.contains(where: { $0 != 0 }) { return unsafe nonce }
        }
    }
}
