/// The name of a thing by the SHA-256 of its bytes. `Subject` keeps the names of different things apart at compile time.
public struct Identifier<Subject>: Hashable, Comparable, Sendable {
    /// The SHA-256 that names the thing.
    public let digest: Digest

    /// Names a thing by its digest.
    public init(_ digest: Digest) {
        self.digest = digest
    }

    /// Reads 64 hexadecimal digits; nil for anything else.
    public init?(hex: some StringProtocol) {
        guard let digest = Digest(hex: hex) else { return nil }
        self.digest = digest
    }

    /// The 64 lower-case hexadecimal digits.
    public var hex: String { digest.hex }

    /// The first eight digits: what people read and type.
    public var short: String { String(digest.hex.prefix(8)) }

    public static func < (one: Self, other: Self) -> Bool {
        one.digest < other.digest
    }
}

extension Identifier: CustomStringConvertible {
    public var description: String { digest.hex }
}

/// What a `BlobID` names: a run of plaintext bytes.
public enum BlobSubject {}
/// What a `PackID` names: an object of many sealed blobs.
public enum PackSubject {}
/// What a `SnapshotID` names: a stored snapshot.
public enum SnapshotSubject {}

/// Names a blob by the SHA-256 of its plaintext.
public typealias BlobID = Identifier<BlobSubject>
/// Names a pack by the SHA-256 of its stored bytes.
public typealias PackID = Identifier<PackSubject>
/// Names a snapshot by the SHA-256 of its stored bytes.
public typealias SnapshotID = Identifier<SnapshotSubject>
