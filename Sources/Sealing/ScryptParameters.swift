import COpenSSL

/// How much memory and time turning a password into a key costs (scrypt, RFC 7914).
public struct ScryptParameters: Sendable, Hashable {
    /// Cost of memory and time: a power of two above 1.
    public let n: Int
    /// Size of a block in units of 128 bytes.
    public let r: Int
    /// How many times the whole is done.
    public let p: Int

    /// Names parameters; `check` says whether they are within bounds.
    public init(n: Int, r: Int, p: Int) {
        self.n = n
        self.r = r
        self.p = p
    }

    /// For a secret file of 256 random bits, which needs no stretching: 32 MiB, about a tenth of a second.
    public static let secretFile = ScryptParameters(n: 1 << 15, r: 8, p: 1)

    /// The largest `n` taken from storage.
    public static let largestN = 1 << 22
    /// The most bytes of memory, 128 · n · r.
    public static let largestByteCount = 1 << 30
    /// The most work, n · r · p: 256 times that of `secretFile`.
    public static let largestWork = 1 << 26

    /// Bytes of memory the derivation takes, once `check` has passed.
    public var byteCount: Int { 128 * n * r }

    /// - Throws: `excessiveParameters` when a number is out of scrypt's range or beyond our bounds, so that a hostile store
    ///   cannot make us run out of memory or time.
    public func check() throws(SealingError) {
        guard n > 1, n & (n - 1) == 0, n <= Self.largestN, r >= 1, r <= 1 << 20, p >= 1, p <= 1 << 20,
            r >= 4 || n < 1 << (16 * r), 128 * n * r <= Self.largestByteCount, n * r * p <= Self.largestWork
        else {
            throw SealingError(
                .excessiveParameters, "the scrypt parameters N \(n), r \(r), p \(p) are out of bounds",
                hint: "at most 1 GiB (128 * N * r) and N * r * p up to \(Self.largestWork); see who wrote this key file"
            )
        }
    }

    /// Parameters for a typed password that cost about `target` on this machine, at most 60 MiB, and never less than
    /// `secretFile`.
    ///
    /// - Parameter clock: what measures; handed in, since this module knows no clock.
    public static func calibrated(
        for target: Duration = .milliseconds(500), clock: some Clock<Duration>
    ) throws(SealingError) -> ScryptParameters {
        try calibrated(for: target) { (parameters) throws(SealingError) in
            let start = clock.now
            _ = try parameters.derive(password: SecretBytes("calibration".utf8), salt: [UInt8](repeating: 7, count: 64))
            return start.duration(to: clock.now)
        }
    }

    /// As above with the measuring itself handed in: `measure` says how long parameters take.
    public static func calibrated(
        for target: Duration, measure: (ScryptParameters) throws(SealingError) -> Duration
    ) throws(SealingError) -> ScryptParameters {
        let once = max(try measure(secretFile), .microseconds(1))
        // 2^15 is the largest n within 60 MiB, so more time means more rounds.
        let rounds = min(max((target / once).rounded(), 1), 64)
        return ScryptParameters(n: secretFile.n, r: secretFile.r, p: Int(rounds))
    }

    /// The key that `password` and `salt` give: 64 bytes in the order of `SealingKey`.
    ///
    /// - Throws: `excessiveParameters`.
    public func derive(password: SecretBytes, salt: [UInt8]) throws(SealingError) -> SecretBytes {
        try check()
        return unsafe try SecretBytes(count: SealingKey.byteCount) { (output) throws(SealingError) in
            let done = unsafe password.withBytes { password in
                unsafe EVP_PBE_scrypt(
                    password.baseAddress?.assumingMemoryBound(to: CChar.self), password.count, salt, salt.count,
                    UInt64(n), UInt64(r), UInt64(p), UInt64(Self.largestByteCount) * 2,
                    output.baseAddress?.assumingMemoryBound(to: UInt8.self), output.count)
            }
            guard done == 1 else {
                throw SealingError(
                    .excessiveParameters, "scrypt cannot run with N \(n), r \(r), p \(p)",
                    hint: "it needs \(byteCount >> 20) MiB of memory")
            }
        }
    }
}
