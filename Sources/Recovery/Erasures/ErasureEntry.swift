/// A line of the erasure ledger: somebody asked to be erased, or has been.
///
/// Stored sealed as `lifeboat/erasures/<number>`, kind `erasure`, chained: each names the digest of the one before, and numbers
/// have no holes. Who it was about stands in it as a keyed hash only: whoever has no key of the repository learns nothing, and
/// whoever has one can only try the keys of a database that has the person still, which is what a restore does.
public struct ErasureEntry: Sendable, Hashable, Codable {
    /// Which moment of an erasure it is.
    public enum Moment: String, Sendable, Codable {
        /// Before the deletion: it is going to happen.
        case add
        /// After it: it has happened in the live database.
        case confirm
    }

    /// 1.
    public var format = 1
    /// From 1, without holes.
    public var number: UInt64
    /// Which moment it is.
    public var moment: Moment
    /// The kind of subject.
    public var kind: String
    /// Keyed hash of the subject's key, 64 hexadecimal digits.
    public var subject: String
    /// When, RFC 3339.
    public var time: String
    /// Where the live database stood, in its engine's own words; nil when it could not be asked. What was restored to a position
    /// before a confirmation still has the person.
    public var position: String?
    /// The newest timeline of the source's journal then; nil when it has none.
    public var timeline: UInt32?
    /// The number of the `add` that is confirmed.
    public var confirms: UInt64?
    /// A reference for people that names nobody: a ticket number.
    public var reference: String?

    enum CodingKeys: String, CodingKey {
        case format, number, moment, kind, subject, time, position, confirms, reference
        case timeline = "journal_timeline"
    }

    /// A line.
    public init(
        number: UInt64, moment: Moment, kind: String, subject: String, time: String, position: String? = nil,
        timeline: UInt32? = nil, confirms: UInt64? = nil, reference: String? = nil
    ) {
        self.number = number
        self.moment = moment
        self.kind = kind
        self.subject = subject
        self.time = time
        self.position = position
        self.timeline = timeline
        self.confirms = confirms
        self.reference = reference
    }
}

/// How far the erasure ledger has come; carried by points and events, so that a missing end is noticed.
public struct ErasureHead: Sendable, Hashable, Codable {
    /// Entries.
    public var count: UInt64
    /// SHA-256 of the stored bytes of the last, hexadecimal; nil for an empty ledger.
    public var digest: String?

    /// A head.
    public init(count: UInt64, digest: String?) {
        self.count = count
        self.digest = digest
    }
}
