import FoundationEssentials

/// The key of a repository, of a key file's sealed part, or of a derived purpose: one for encryption, two for authentication.
///
/// Held as 64 bytes in the order in which scrypt yields them:
///
/// | offset | size | part |
/// |---|---|---|
/// | 0 | 32 | AES-256 key of the encryption |
/// | 32 | 16 | `k`, AES-128 key that turns a nonce into half of the one-time Poly1305 key |
/// | 48 | 16 | `r`, the other half, clamped |
///
/// Poly1305 ignores 22 bits of `r`. restic draws them at random for a new repository and writes zeros in their place when it
/// adds a key file, so key files of one repository may differ there; here they are zero always, else the keys that are derived
/// from a master key would depend on the key file it came from.
public struct SealingKey: Sendable {
    /// Bytes in a key.
    public static let byteCount = 64
    static let encryptRange = 0..<32
    static let macKRange = 32..<48
    static let macRRange = 48..<64

    /// The 64 bytes in the order of the table.
    public let secret: SecretBytes

    /// Takes 64 bytes in the order of the table; `r` may come unclamped.
    ///
    /// - Throws: `invalidKey` for another length, or when a part is all zero (restic refuses such keys too).
    public init(_ secret: SecretBytes) throws(SealingError) {
        guard secret.count == Self.byteCount else {
            throw SealingError(.invalidKey, "a key has 64 bytes, this one \(secret.count)")
        }
        let clamped = unsafe SecretBytes(count: Self.byteCount) { output in
            unsafe secret.withBytes { unsafe output.copyMemory(from: $0) }
            for word in 0..<4 {
                let start = Self.macRRange.lowerBound + 4 * word
                unsafe output[start + 3] &= 0x0f
                if word > 0 { unsafe output[start] &= 0xfc }
            }
        }
        for range in [Self.encryptRange, Self.macKRange, Self.macRRange] where !clamped.hasNonzero(in: range) {
            throw SealingError(.invalidKey, "a part of the key is all zero")
        }
        self.secret = clamped
    }

    /// Draws a fresh key.
    public static func random() -> SealingKey {
        while true {
            // Zero parts are refused; that they are drawn will not happen, but the loop needs no proof of it.
            if let key = try? SealingKey(.random(count: byteCount)) { return key }
        }
    }

    /// Whether both are the same key, in constant time.
    public func constantTimeEquals(_ other: SealingKey) -> Bool {
        secret.constantTimeEquals(other.secret)
    }
}

extension SealingKey {
    /// restic's JSON form of a master key, the plaintext of a key file's `data`.
    private struct Form: Codable {
        struct MAC: Codable {
            let k: Data
            let r: Data
        }
        let mac: MAC
        let encrypt: Data
    }

    /// `{"mac":{"k":…,"r":…},"encrypt":…}` with base64 values, as restic writes it.
    public func json() -> SecretBytes {
        func base64(_ range: Range<Int>) -> String {
            unsafe secret.withBytes { unsafe Data($0[range]).base64EncodedString() }
        }
        let mac = #"{"k":"\#(base64(Self.macKRange))","r":"\#(base64(Self.macRRange))"}"#
        return SecretBytes(#"{"mac":\#(mac),"encrypt":"\#(base64(Self.encryptRange))"}"#.utf8)
    }

    /// Reads the JSON form; unknown fields are ignored.
    ///
    /// - Throws: `invalidKey` when it is no such JSON, a part has the wrong length, or is all zero.
    public init(json: [UInt8]) throws(SealingError) {
        let form: Form
        do {
            form = try JSONDecoder().decode(Form.self, from: Data(json))
        } catch {
            // The decoder's error may quote the secret, so it goes no further.
            throw SealingError(.invalidKey, "the key file opens, but holds no master key")
        }
        guard form.encrypt.count == 32, form.mac.k.count == 16, form.mac.r.count == 16 else {
            throw SealingError(.invalidKey, "the key file opens, but a part of its master key has a wrong length")
        }
        try self.init(SecretBytes(form.encrypt + form.mac.k + form.mac.r))
    }
}
