import COpenSSL

/// An Ed25519 key (RFC 8032) that signs; its seed is secret.
public struct SigningKey: Sendable {
    /// Bytes in a seed.
    public static let byteCount = 32

    /// The seed, 32 bytes.
    public let seed: SecretBytes
    /// What others need to check signatures.
    public let verifyingKey: VerifyingKey

    /// Takes a seed of 32 bytes.
    ///
    /// - Throws: `invalidKey` for another length.
    public init(seed: SecretBytes) throws(SealingError) {
        guard seed.count == Self.byteCount else {
            throw SealingError(.invalidKey, "a signing key has 32 bytes, this one \(seed.count)")
        }
        self.seed = seed
        verifyingKey = SigningKey.publicPart(of: seed)
    }

    private init(drawn seed: SecretBytes) {
        self.seed = seed
        verifyingKey = SigningKey.publicPart(of: seed)
    }

    /// Draws a fresh key.
    public static func random() -> SigningKey { SigningKey(drawn: .random(count: byteCount)) }

    /// The signature of a message: 64 bytes, the same each time.
    public func sign(_ message: [UInt8]) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: VerifyingKey.signatureByteCount)
        let done = unsafe seed.withBytes { seed in
            unsafe lb_ed25519_sign(
                seed.baseAddress?.assumingMemoryBound(to: UInt8.self), message, message.count, &signature)
        }
        precondition(done == 1, "OpenSSL cannot sign")
        return signature
    }

    private static func publicPart(of seed: SecretBytes) -> VerifyingKey {
        var bytes = [UInt8](repeating: 0, count: VerifyingKey.byteCount)
        let done = unsafe seed.withBytes { seed in
            unsafe lb_ed25519_public(seed.baseAddress?.assumingMemoryBound(to: UInt8.self), &bytes)
        }
        precondition(done == 1, "OpenSSL has no Ed25519")
        return VerifyingKey(checked: bytes)
    }
}

/// The public part of a `SigningKey`.
public struct VerifyingKey: Sendable, Hashable {
    /// Bytes in a key.
    public static let byteCount = 32
    /// Bytes in a signature.
    public static let signatureByteCount = 64

    /// The key, 32 bytes.
    public let bytes: [UInt8]

    /// Takes 32 bytes; nil for any other number. That they are a point of the curve shows when a signature is checked.
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = [UInt8](bytes)
    }

    fileprivate init(checked bytes: [UInt8]) { self.bytes = bytes }

    /// Did the owner of this key sign these very bytes?
    public func isSignature(_ signature: [UInt8], of message: [UInt8]) -> Bool {
        guard signature.count == Self.signatureByteCount else { return false }
        return unsafe lb_ed25519_verify(bytes, message, message.count, signature) == 1
    }
}
