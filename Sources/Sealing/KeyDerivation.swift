import COpenSSL

/// Keys for purposes of our own, made from the master key of a repository so that nothing more needs to be kept.
///
/// HKDF-SHA256 (RFC 5869): secret = the 64 bytes of the key (`SealingKey`), salt = ASCII `lifeboat`,
/// info = ASCII `lifeboat key 1`, 00, purpose, 00, repository ID (both UTF-8; no purpose holds a zero byte).
public enum KeyDerivation {
    private static let salt = [UInt8]("lifeboat".utf8)

    /// A sealing key for `purpose` in the repository `repositoryID`: 64 bytes in the order of `SealingKey`.
    public static func hkdf(_ key: SealingKey, purpose: String, repositoryID: String) -> SealingKey {
        let secret = secret(key, purpose: purpose, repositoryID: repositoryID, byteCount: SealingKey.byteCount)
        do {
            return try SealingKey(secret)
        } catch {
            // One chance in 2^127, and the same in every run, so no retry would help.
            fatalError("the derived key has a part of zeros: \(error.message)")
        }
    }

    /// Secret bytes for `purpose` in the repository `repositoryID`, 1 to 8160 of them.
    public static func secret(
        _ key: SealingKey, purpose: String, repositoryID: String, byteCount: Int
    ) -> SecretBytes {
        precondition(!purpose.utf8.contains(0), "a purpose holds no zero byte")
        let info = [UInt8]("lifeboat key 1\0\(purpose)\0\(repositoryID)".utf8)
        return unsafe SecretBytes(count: byteCount) { output in
            let done = unsafe key.secret.withBytes { secret in
                unsafe lb_hkdf_sha256(
                    secret.baseAddress, secret.count, salt, salt.count, info, info.count, output.baseAddress, byteCount)
            }
            precondition(done == 1, "OpenSSL cannot derive a key")
        }
    }
}
