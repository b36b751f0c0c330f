/// Known answers of all that data depends on, asked for at program start: a broken library or processor must not write a backup.
public enum SelfTest {
    /// Takes about a millisecond.
    ///
    /// - Throws: `selfTestFailed`, naming the primitive.
    public static func run() throws(SealingError) {
        try check("SHA-256", hash())
        try check("the cipher", cipher())
        try check("scrypt", scrypt())
        try check("HKDF", derivation())
        try check("zstd", compression())
    }

    private static func check(_ name: String, _ passed: Bool) throws(SealingError) {
        guard passed else {
            throw SealingError(
                .selfTestFailed, "\(name) does not give its known answer on this machine",
                hint: "the library or the processor is broken; do not write backups here")
        }
    }

    /// FIPS 180-4, the example of three letters.
    static func hash() -> Bool {
        SHA256.digest("abc".utf8).hex == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    }

    /// A message that restic opens, under the key 00 01 … 3f; and that a changed one is refused.
    static func cipher() throws(SealingError) -> Bool {
        var sealer = Sealer(key: try countingKey())
        let sealed: [UInt8] = [
            0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x70, 0x71, 0x72, 0x73,
            0xfb, 0xbd, 0x7d, 0x4c, 0xd9, 0x00, 0xc9, 0x28, 0x0d, 0xf9, 0xd6, 0xc8, 0x58, 0xe5, 0x6b, 0xd8,
            0xf3, 0x17, 0xb9, 0x9c, 0x97, 0x3f, 0x65, 0x29, 0xbe, 0x35, 0x31, 0x93,
        ]
        let plaintext = [UInt8]("hello restic".utf8)
        var changed = sealed
        changed[20] ^= 1
        do {
            _ = try sealer.open(changed)
            return false
        } catch {
            guard error.code == .authenticationFailed else { return false }
        }
        guard try sealer.open(sealed) == plaintext else { return false }
        return try sealer.open(sealer.seal(plaintext)) == plaintext
    }

    /// N 16, r 8, p 1, password `password`, salt 00 01 … 3f; the first eight bytes tell.
    static func scrypt() throws(SealingError) -> Bool {
        let key = try ScryptParameters(n: 16, r: 8, p: 1).derive(
            password: SecretBytes("password".utf8), salt: [UInt8](0..<64))
        return begins(key, with: [0x0d, 0xca, 0x25, 0xe3, 0x1c, 0xd2, 0x7b, 0x11])
    }

    /// The layout of `KeyDerivation` with purpose `self-test` and repository `0`, under the key 00 01 … 3f.
    static func derivation() throws(SealingError) -> Bool {
        let key = KeyDerivation.hkdf(try countingKey(), purpose: "self-test", repositoryID: "0")
        return begins(key.secret, with: [0xf5, 0x8f, 0x18, 0xd1, 0x6e, 0xe7, 0x25, 0xba])
    }

    /// That a frame gives back what went in, and that it is smaller.
    static func compression() throws(SealingError) -> Bool {
        var compressor = Compressor(level: 3)
        var decompressor = Decompressor()
        let plaintext = [UInt8]((0..<4096).map { UInt8(truncatingIfNeeded: $0 / 16) })
        let frame = try compressor.compress(plaintext)
        guard frame.count < plaintext.count else { return false }
        return try decompressor.decompress(frame, limit: plaintext.count) == plaintext
    }

    private static func countingKey() throws(SealingError) -> SealingKey {
        try SealingKey(SecretBytes(0..<64 as Range<UInt8>))
    }

    private static func begins(_ secret: SecretBytes, with bytes: [UInt8]) -> Bool {
        unsafe secret.withBytes { unsafe $0.starts(with: bytes) }
    }
}
