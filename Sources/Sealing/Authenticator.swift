import COpenSSL

/// Poly1305-AES: a tag of 16 bytes under a key that is new for every nonce.
///
/// Safe: the contexts have one owner and are freed with it; `Sealer` calls it from mutating methods only.
@safe
struct Authenticator: ~Copyable {
    // Algorithms that OpenSSL has looked up never change and are meant to be shared by threads.
    private nonisolated(unsafe) static let poly1305 = unsafe EVP_MAC_fetch(nil, "POLY1305", nil)
    private nonisolated(unsafe) static let aes128 = unsafe EVP_CIPHER_fetch(nil, "AES-128-ECB", nil)

    private let mac: OpaquePointer
    private let block: OpaquePointer
    /// `r` followed by the encrypted nonce: the one-time key.
    private let oneTimeKey: UnsafeMutableRawBufferPointer

    init(key: SealingKey) {
        guard let poly1305 = unsafe Self.poly1305, let aes128 = unsafe Self.aes128,
            let mac = unsafe EVP_MAC_CTX_new(poly1305), let block = unsafe EVP_CIPHER_CTX_new()
        else { fatalError("OpenSSL has no Poly1305 or AES-128-ECB") }
        let oneTimeKey = UnsafeMutableRawBufferPointer.allocate(byteCount: 32, alignment: 16)
        let done = unsafe key.secret.withBytes { secret in
            unsafe oneTimeKey.copyMemory(from: UnsafeRawBufferPointer(rebasing: secret[SealingKey.macRRange]))
            let start = unsafe secret.bytes(from: SealingKey.macKRange.lowerBound)
            return unsafe EVP_EncryptInit_ex2(block, aes128, start, nil, nil)
        }
        precondition(done == 1, "OpenSSL cannot take the key")
        unsafe EVP_CIPHER_CTX_set_padding(block, 0)
        unsafe self.mac = mac
        unsafe self.block = block
        unsafe self.oneTimeKey = oneTimeKey
    }

    deinit {
        unsafe OPENSSL_cleanse(oneTimeKey.baseAddress, oneTimeKey.count)
        unsafe oneTimeKey.deallocate()
        unsafe EVP_MAC_CTX_free(mac)
        unsafe EVP_CIPHER_CTX_free(block)
    }

    /// Writes the tag of `message` under `nonce` into the 16 bytes of `tag`.
    func tag(
        of message: UnsafeRawBufferPointer, nonce: UnsafeRawBufferPointer, into tag: UnsafeMutableRawBufferPointer
    ) {
        precondition(nonce.count == 16 && tag.count == 16, "nonce and tag have 16 bytes")
        let start = unsafe oneTimeKey.baseAddress?.assumingMemoryBound(to: UInt8.self)
        var blockCount: Int32 = 0
        var tagCount = 0
        guard unsafe EVP_EncryptUpdate(block, start?.advanced(by: 16), &blockCount, nonce.bytes(from: 0), 16) == 1,
            blockCount == 16,
            unsafe EVP_MAC_init(mac, start, 32, nil) == 1,
            unsafe EVP_MAC_update(mac, message.bytes(from: 0), message.count) == 1,
            unsafe EVP_MAC_final(mac, tag.baseAddress?.assumingMemoryBound(to: UInt8.self), &tagCount, 16) == 1,
            tagCount == 16
        else { fatalError("OpenSSL cannot authenticate") }
    }
}
