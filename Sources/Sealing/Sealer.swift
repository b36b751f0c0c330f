import COpenSSL

/// Seals and opens bytes in restic's form: AES-256 in counter mode, authenticated with Poly1305-AES.
///
/// | offset | size | type | field |
/// |---|---|---|---|
/// | 0 | 16 | bytes | nonce: the whole first counter block, counted up as a 128-bit big-endian number that wraps |
/// | 16 | n | bytes | AES-256-CTR of the plaintext |
/// | 16 + n | 16 | bytes | Poly1305 of the ciphertext alone, under the one-time key `r` then AES-128(`k`, nonce) |
///
/// Neither name nor place is authenticated: whoever opens a blob must compare its hash with its name afterwards.
/// Source of the format: restic `doc/design.rst` and `internal/crypto`; D. J. Bernstein, "The Poly1305-AES message-authentication
/// code".
///
/// Made once per worker. Safe: the contexts have one owner, are freed (and by OpenSSL overwritten) with it, and only mutating
/// methods use them; so it may also change threads.
@safe
public struct Sealer: ~Copyable, @unchecked Sendable {
    /// Bytes that sealing adds.
    public static let overhead = 32
    /// Bytes in a nonce.
    public static let nonceByteCount = 16
    static let tagByteCount = 16

    private let cipher: CounterCipher
    private let authenticator: Authenticator
    private var nonces = NonceSource()

    /// Makes the contexts of `key`.
    public init(key: SealingKey) {
        cipher = CounterCipher(key: key)
        authenticator = Authenticator(key: key)
    }

    /// Seals `plaintext` under a fresh random nonce. `output` must have 32 bytes more and must not overlap.
    public mutating func seal(_ plaintext: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) {
        precondition(output.count == plaintext.count + Self.overhead, "sealing adds 32 bytes")
        unsafe seal(plaintext, nonce: nonces.next(), into: output)
    }

    /// Seals under a given nonce of 16 bytes: for known answers only, since a nonce used twice gives away both plaintexts.
    mutating func seal(
        _ plaintext: UnsafeRawBufferPointer, nonce: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) {
        precondition(nonce.count == Self.nonceByteCount, "a nonce has 16 bytes")
        let end = Self.nonceByteCount + plaintext.count
        unsafe output.copyMemory(from: nonce)
        let body = unsafe UnsafeMutableRawBufferPointer(rebasing: output[Self.nonceByteCount..<end])
        unsafe cipher.apply(to: plaintext, into: body, nonce: nonce)
        let tag = unsafe UnsafeMutableRawBufferPointer(rebasing: output[end...])
        unsafe authenticator.tag(of: UnsafeRawBufferPointer(body), nonce: nonce, into: tag)
    }

    /// Opens `sealed` into `output`, which must have 32 bytes fewer and must not overlap. Nothing is decrypted before the tag
    /// is known to be right.
    ///
    /// - Throws: `tooShort`, `invalidNonce`, `authenticationFailed`.
    public mutating func open(
        _ sealed: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer
    ) throws(SealingError) {
        let end = sealed.count - Self.tagByteCount
        guard end >= Self.nonceByteCount else {
            throw SealingError(.tooShort, "\(sealed.count) bytes are too few to be sealed, 32 is the least")
        }
        precondition(output.count == sealed.count - Self.overhead, "opening takes 32 bytes away")
        let nonce = unsafe UnsafeRawBufferPointer(rebasing: sealed[..<Self.nonceByteCount])
        let body = unsafe UnsafeRawBufferPointer(rebasing: sealed[Self.nonceByteCount..<end])
        guard unsafe !isZero(nonce) else { throw SealingError(.invalidNonce, "the nonce is all zero") }
        let isGenuine = unsafe withUnsafeTemporaryAllocation(byteCount: Self.tagByteCount, alignment: 16) { tag in
            unsafe authenticator.tag(of: body, nonce: nonce, into: tag)
            return unsafe constantTimeEquals(
                UnsafeRawBufferPointer(tag), UnsafeRawBufferPointer(rebasing: sealed[end...]))
        }
        guard isGenuine else {
            throw SealingError(.authenticationFailed, "the bytes are damaged, or sealed under another key")
        }
        unsafe cipher.apply(to: body, into: output, nonce: nonce)
    }

    private func isZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
        unsafe bytes.allSatisfy { $0 == 0 }
    }
}

extension Sealer {
    /// Seals `plaintext` under a fresh random nonce.
    public mutating func seal(_ plaintext: [UInt8]) -> [UInt8] {
        let count = plaintext.count + Self.overhead
        return unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            let output = unsafe UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count])
            unsafe plaintext.withUnsafeBytes { unsafe seal($0, into: output) }
            initialized = count
        }
    }

    /// Opens `sealed`.
    ///
    /// - Throws: `tooShort`, `invalidNonce`, `authenticationFailed`.
    public mutating func open(_ sealed: [UInt8]) throws(SealingError) -> [UInt8] {
        try open(sealed[...])
    }

    /// Opens `sealed`.
    ///
    /// - Throws: `tooShort`, `invalidNonce`, `authenticationFailed`.
    public mutating func open(_ sealed: ArraySlice<UInt8>) throws(SealingError) -> [UInt8] {
        var plaintext = [UInt8](repeating: 0, count: max(0, sealed.count - Self.overhead))
        var output = plaintext.mutableSpan
        try unsafe output.withUnsafeMutableBytes { (output) throws(SealingError) in
            try unsafe sealed.span.withUnsafeBytes { (input) throws(SealingError) in
                try unsafe open(input, into: output)
            }
        }
        return plaintext
    }
}
