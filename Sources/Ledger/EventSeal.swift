import Sealing

/// Signs, seals and opens events of one repository.
struct EventSeal: Sendable {
    static let eventKind = "event"
    static let payloadKind = "event-payload"
    static let saltByteCount = 32
    /// The largest payload, in bytes.
    static let largestPayload = 16 << 20
    private static let largestHeader = 1 << 20

    let repositoryID: String
    private let key: SealingKey

    /// `masterKey` is the repository's; what is used is derived from it.
    init(repositoryID: String, masterKey: SealingKey) {
        self.repositoryID = repositoryID
        key = KeyDerivation.hkdf(masterKey, purpose: "events", repositoryID: repositoryID)
    }

    /// The bytes to store of a header.
    func seal(_ header: EventHeader, signedBy signer: SigningKey) throws(SealingError) -> [UInt8] {
        let bytes = header.canonicalBytes
        return try seal(
            Self.eventKind, EventName.header(header.node, header.sequence), header.sequence,
            bytes + signer.sign(bytes))
    }

    /// The bytes to store of salt and payload.
    func sealPayload(_ salted: [UInt8], of node: String, _ sequence: UInt64) throws(SealingError) -> [UInt8] {
        try seal(Self.payloadKind, EventName.payload(node, sequence), sequence, salted)
    }

    private func seal(
        _ kind: String, _ name: String, _ sequence: UInt64, _ payload: [UInt8]
    ) throws(SealingError) -> [UInt8] {
        let header = SealedObject.Header(repositoryID: repositoryID, kind: kind, name: name, sequence: sequence)
        return try SealedObject(header: header, payload: payload).sealed(key: key)
    }

    /// A stored header with its signature.
    func open(_ stored: [UInt8], of node: String, _ sequence: UInt64) throws -> SignedHeader {
        let object = try SealedObject.open(
            stored,
            expecting: SealedObject.Expectation(
                repositoryID: repositoryID, kind: Self.eventKind, name: EventName.header(node, sequence),
                sequence: sequence),
            key: key, limit: Self.largestHeader)
        let signed = object.payload
        guard signed.count > VerifyingKey.signatureByteCount else {
            throw LayoutReader.malformed("the event is too short")
        }
        let bytes = Array(signed.dropLast(VerifyingKey.signatureByteCount))
        return SignedHeader(
            header: try EventHeader(canonicalBytes: bytes), bytes: bytes,
            signature: Array(signed.suffix(VerifyingKey.signatureByteCount)))
    }

    /// A stored payload: salt and payload.
    func openPayload(_ stored: [UInt8], of node: String, _ sequence: UInt64) throws(SealingError) -> [UInt8] {
        let object = try SealedObject.open(
            stored,
            expecting: SealedObject.Expectation(
                repositoryID: repositoryID, kind: Self.payloadKind, name: EventName.payload(node, sequence),
                sequence: sequence),
            key: key, limit: Self.largestPayload + 4096)
        return object.payload
    }

    /// A name for a person that tells nobody who it is, the same each time: HKDF-Expand, an HMAC-SHA256 over the name, under
    /// a key that only holders of the repository have.
    func pseudonym(of user: String) -> String {
        let name = String(decoding: user.utf8.map { $0 == 0 ? 0x20 : $0 }, as: UTF8.self)
        let secret = KeyDerivation.secret(key, purpose: "actor \(name)", repositoryID: repositoryID, byteCount: 32)
        let digest = secret.withBytes { Digest(in: $0, at: 0) }
        return String(digest.hex.prefix(16))
    }
}

/// A header as it was read.
struct SignedHeader: Sendable {
    let header: EventHeader
    let bytes: [UInt8]
    let signature: [UInt8]

    /// Did the owner of the key that the header names sign it?
    var isSigned: Bool { header.publicKey.isSignature(signature, of: bytes) }
}
