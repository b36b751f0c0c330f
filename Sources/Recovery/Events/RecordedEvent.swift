/// The payload of an event as `LedgerRecorder` writes it, read again.
///
/// What stands in `detail` is described by the types beside this one, kind by kind: what every release wrote, and optional what
/// some did not. A reader ignores keys it does not know.
public struct RecordedEvent<Detail: Decodable & Sendable>: Decodable, Sendable {
    /// Pseudonym of who did it.
    public var actor: String
    /// What was done.
    public var detail: Detail
}

/// `backup`: a recovery point was made.
public struct RecordedBackup: Decodable, Sendable, Hashable {
    /// One source.
    public struct Part: Codable, Sendable, Hashable {
        /// Its name.
        public var source: String
        /// Its kind.
        public var kind: String
        /// `complete`, `incomplete`, `failed`, `skipped`.
        public var outcome: String
        /// Why it failed.
        public var failure: String?
        /// Bytes in the snapshot.
        public var bytes: UInt64
        /// Bytes that were new to the repository, as stored.
        public var addedBytes: UInt64

        enum CodingKeys: String, CodingKey {
            case source, kind, outcome, failure, bytes
            case addedBytes = "added_bytes"
        }
    }

    /// The point's ID.
    public var point: String
    /// Its plan.
    public var plan: String
    /// The service.
    public var service: String
    /// When the run began, RFC 3339.
    public var started: String
    /// When all was stored, RFC 3339.
    public var ended: String
    /// Did every source come through whole?
    public var isWhole: Bool
    /// SHA-256 of the configuration, hexadecimal.
    public var configurationDigest: String
    /// One for each source.
    public var parts: [Part]

    enum CodingKeys: String, CodingKey {
        case point, plan, service, started, ended, parts
        case isWhole = "is_whole"
        case configurationDigest = "configuration_digest"
    }
}
