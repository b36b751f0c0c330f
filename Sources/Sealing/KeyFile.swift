import FoundationEssentials

/// A key file of a restic repository: the master key, sealed under a password.
///
/// JSON with the fields `created`, `username`, `hostname`, `kdf` (always `scrypt`), `N`, `r`, `p`, `salt` (base64 of 64
/// bytes) and `data` (base64 of the sealed master key, `SealingKey.json`). Source: restic `internal/repository/key.go`.
public struct KeyFile: Sendable, Hashable {
    /// The largest key file that is read; restic's have about 460 bytes.
    public static let largestByteCount = 64 << 10
    /// Bytes in a salt.
    public static let saltByteCount = 64

    /// When it was made, RFC 3339; nil when the file does not say.
    public let created: String?
    /// Who made it, for people to read.
    public let username: String?
    /// Where it was made, for people to read.
    public let hostname: String?
    /// What trying a password costs.
    public let parameters: ScryptParameters
    /// Makes equal passwords give different keys.
    public let salt: [UInt8]
    /// The sealed master key.
    public let data: [UInt8]

    /// Seals `key` under `password`.
    ///
    /// - Parameters:
    ///   - password: UTF-8 bytes, already trimmed as restic would (white space at both ends of a password file).
    ///   - created: now, RFC 3339; handed in, since this module knows no clock.
    /// - Throws: `emptyPassword`, `excessiveParameters`.
    public static func make(
        password: SecretBytes, key: SealingKey, parameters: ScryptParameters, created: String, username: String,
        hostname: String
    ) throws(SealingError) -> KeyFile {
        guard password.count > 0 else {
            throw SealingError(.emptyPassword, "the password is empty", hint: "restic refuses empty passwords too")
        }
        let salt = SecureRandom.bytes(saltByteCount)
        var sealer = Sealer(key: try SealingKey(parameters.derive(password: password, salt: salt)))
        let plaintext = key.json()
        var data = [UInt8](repeating: 0, count: plaintext.count + Sealer.overhead)
        unsafe data.withUnsafeMutableBytes { output in
            unsafe plaintext.withBytes { unsafe sealer.seal($0, into: output) }
        }
        return KeyFile(
            created: created, username: username, hostname: hostname, parameters: parameters, salt: salt, data: data)
    }

    /// The master key.
    ///
    /// - Throws: `wrongPassword` when `password` does not open it (a damaged `data` looks the same),
    ///   `excessiveParameters` before any work is done, `invalidKey` when what opens is no key.
    public func open(password: SecretBytes) throws(SealingError) -> SealingKey {
        var sealer = Sealer(key: try SealingKey(parameters.derive(password: password, salt: salt)))
        let plaintext: [UInt8]
        do {
            plaintext = try sealer.open(data)
        } catch {
            throw SealingError(
                .wrongPassword, "the password does not open this key file",
                hint: "a repository may have several key files, each with its own password", cause: error)
        }
        return try SealingKey(json: plaintext)
    }
}

extension KeyFile {
    /// The fields by their names in the file.
    private struct Form: Codable {
        var created: String?
        var username: String?
        var hostname: String?
        let kdf: String
        let N: Int
        let r: Int
        let p: Int
        let salt: Data
        let data: Data
    }

    /// The JSON that is stored; its SHA-256 is the file's name.
    public func encoded() throws(SealingError) -> [UInt8] {
        let form = Form(
            created: created, username: username, hostname: hostname, kdf: "scrypt", N: parameters.n, r: parameters.r,
            p: parameters.p, salt: Data(salt), data: Data(data))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        do {
            return [UInt8](try encoder.encode(form))
        } catch {
            throw SealingError(.malformedKeyFile, "the key file cannot be written as JSON", cause: error)
        }
    }

    /// Reads the JSON of a key file. Unknown fields are ignored; `created`, `username` and `hostname` may be missing.
    ///
    /// - Throws: `malformedKeyFile`; `excessiveParameters` when trying a password would cost too much.
    public init(json: [UInt8]) throws(SealingError) {
        guard json.count <= Self.largestByteCount else {
            throw SealingError(.malformedKeyFile, "a key file of \(json.count) bytes is too large to be one")
        }
        let form: Form
        do {
            form = try JSONDecoder().decode(Form.self, from: Data(json))
        } catch {
            throw SealingError(.malformedKeyFile, "the key file is not readable JSON of restic's form", cause: error)
        }
        guard form.kdf == "scrypt" else {
            throw SealingError(
                .malformedKeyFile, "the key file asks for the key derivation \"\(form.kdf)\", not scrypt")
        }
        guard form.salt.count == Self.saltByteCount else {
            throw SealingError(.malformedKeyFile, "the salt has \(form.salt.count) bytes instead of 64")
        }
        guard form.data.count > Sealer.overhead else {
            throw SealingError(.malformedKeyFile, "the sealed key has \(form.data.count) bytes, too few to hold one")
        }
        let parameters = ScryptParameters(n: form.N, r: form.r, p: form.p)
        try parameters.check()
        self.init(
            created: form.created, username: form.username, hostname: form.hostname, parameters: parameters,
            salt: [UInt8](form.salt), data: [UInt8](form.data))
    }
}
