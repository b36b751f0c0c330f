/// An object of our own beside restic's: what it is, where it belongs, and its payload.
///
/// Stored as the cipher of `Sealer` over one zstd frame over this plaintext; numbers are little-endian:
///
/// | offset | size | type | field |
/// |---|---|---|---|
/// | 0 | 8 | ASCII | `lifeboat` |
/// | 8 | 2 | UInt16 | format, 1 |
/// | 10 | 8 | UInt64 | sequence |
/// | 18 | 32 | bytes | SHA-256 of the stored bytes of the predecessor; zeros where there is none |
/// | 50 | 2 + a | UInt16, UTF-8 | length and text of the repository ID |
/// | 52 + a | 2 + b | UInt16, UTF-8 | length and text of the kind |
/// | 54 + a + b | 2 + c | UInt16, UTF-8 | length and text of the full object name |
/// | 56 + a + b + c | rest | bytes | payload |
///
/// Example: repository `r`, kind `point`, name `p/1`, sequence 2, no predecessor and payload `hi` give
/// `6c696665626f6174 0100 0200000000000000` + 32 zero bytes + `0100 72 0500 706f696e74 0300 702f31 6869`.
///
/// A reader says which object it asked for, so a hostile store can neither swap nor rename objects, nor bring back old ones,
/// without being noticed.
public struct SealedObject: Sendable, Hashable {
    /// What an object is and where it belongs.
    public struct Header: Sendable, Hashable {
        /// The `id` of the repository's `config`.
        public let repositoryID: String
        /// What the payload is, for example `point`.
        public let kind: String
        /// The full name of the object in the store, without the store's own prefix.
        public let name: String
        /// Its running number in a chain of objects; zero where there is no chain.
        public let sequence: UInt64
        /// The SHA-256 of the stored bytes of the object before it in the chain; nil for the first, or without chain.
        public let predecessor: Digest?

        /// Says what an object is. The texts have at most 65 535 bytes each.
        public init(
            repositoryID: String, kind: String, name: String, sequence: UInt64 = 0, predecessor: Digest? = nil
        ) {
            self.repositoryID = repositoryID
            self.kind = kind
            self.name = name
            self.sequence = sequence
            self.predecessor = predecessor
        }
    }

    /// What a reader asked for.
    public struct Expectation: Sendable, Hashable {
        /// What a reader knows of the object before.
        public enum Predecessor: Sendable, Hashable {
            /// Nothing, or there is no chain; whoever follows a chain compares afterwards.
            case any
            /// There is none: the first of its chain.
            case none
            /// The stored bytes of the object before have this SHA-256.
            case digest(Digest)
        }

        let repositoryID: String
        let kind: String
        let name: String
        let sequence: UInt64?
        let predecessor: Predecessor

        /// Says what was asked for; without a sequence any is taken.
        public init(
            repositoryID: String, kind: String, name: String, sequence: UInt64? = nil, predecessor: Predecessor = .any
        ) {
            self.repositoryID = repositoryID
            self.kind = kind
            self.name = name
            self.sequence = sequence
            self.predecessor = predecessor
        }
    }

    /// What the object is.
    public let header: Header
    /// What it holds.
    public let payload: [UInt8]

    /// Names a payload.
    public init(header: Header, payload: [UInt8]) {
        self.header = header
        self.payload = payload
    }

    /// The bytes to store.
    ///
    /// - Parameters:
    ///   - key: derived from the master key for this purpose, see `KeyDerivation`.
    ///   - level: of compression, see `Compressor`.
    public func sealed(key: SealingKey, level: Int32 = 3) throws(SealingError) -> [UInt8] {
        var compressor = Compressor(level: level)
        var sealer = Sealer(key: key)
        return sealer.seal(try compressor.compress(plaintext()))
    }

    /// Opens stored bytes and compares their header with what was asked for.
    ///
    /// - Parameter limit: the largest plaintext, header included, that is decompressed.
    /// - Throws: `tooShort`, `invalidNonce`, `authenticationFailed`; `tooLarge`, `decompressionFailed`, `malformedObject`;
    ///   `headerMismatch`, whose message names every field that differs.
    public static func open(
        _ stored: [UInt8], expecting expectation: Expectation, key: SealingKey, limit: Int
    ) throws(SealingError) -> SealedObject {
        var sealer = Sealer(key: key)
        var decompressor = Decompressor()
        let object = try SealedObject(plaintext: decompressor.decompress(sealer.open(stored), limit: limit))
        let differences = expectation.differences(from: object.header)
        guard differences.isEmpty else {
            throw SealingError(
                .headerMismatch, "not the object that was asked for: " + differences.joined(separator: ", "),
                hint: "the store gave another object, or an older one, under this name; compare with a replica")
        }
        return object
    }
}

extension SealedObject.Expectation {
    /// One phrase for each field of `header` that is not as expected.
    fileprivate func differences(from header: SealedObject.Header) -> [String] {
        var found = [String]()
        func compare(_ field: String, _ actual: String, _ wanted: String) {
            if actual != wanted { found.append("\(field) is \"\(actual)\" instead of \"\(wanted)\"") }
        }
        compare("repository ID", header.repositoryID, repositoryID)
        compare("kind", header.kind, kind)
        compare("name", header.name, name)
        if let sequence { compare("sequence", "\(header.sequence)", "\(sequence)") }
        switch predecessor {
        case .any: break
        case .none: compare("predecessor", header.predecessor?.hex ?? "none", "none")
        case .digest(let digest): compare("predecessor", header.predecessor?.hex ?? "none", digest.hex)
        }
        return found
    }
}
