/// Something that `check` found.
public struct CheckFinding: Sendable, Hashable, Codable {
    /// How bad it is.
    public enum Severity: String, Sendable, Codable, Comparable {
        /// Worth knowing; nothing is wrong.
        case note
        /// Nothing is lost, and something should be done.
        case warning
        /// Data is missing, damaged, or would be restored as something else.
        case error

        private var rank: Int {
            switch self {
            case .note: 0
            case .warning: 1
            case .error: 2
            }
        }

        public static func < (one: Severity, other: Severity) -> Bool { one.rank < other.rank }
    }

    /// The kinds of finding.
    public enum Code: String, Sendable, Codable {
        /// A key file cannot be used, or there is none.
        case keyDamaged
        /// An index file cannot be read.
        case indexDamaged
        /// Index files say different things of a pack.
        case indexConflict
        /// Several index files name a pack.
        case packRepeated
        /// An index names a pack that is not there.
        case packMissing
        /// A pack is in no index.
        case packUnindexed
        /// A pack's size is not what its index entries add up to.
        case packSize
        /// A pack holds data and trees.
        case packMixed
        /// An object under `data/` is not where a pack of its name belongs.
        case packMisplaced
        /// A pack's bytes are not those its name promises.
        case packDamaged
        /// The pack's own list of blobs is not what the index says.
        case packHeader
        /// A blob does not open, or is not what its ID promises.
        case blobDamaged
        /// Two places of one blob disagree about its length.
        case blobLength
        /// A file needs a blob that is in no index.
        case blobMissing
        /// A snapshot cannot be read.
        case snapshotDamaged
        /// A tree is in no index, or cannot be read.
        case treeDamaged
        /// A file's size is not the sum of its blobs.
        case fileSize
        /// A name that cannot be restored, or in the wrong order.
        case treeName
        /// Two different files look like one file with two names.
        case falseHardLink
        /// A time that cannot be restored.
        case timeUnusable
        /// A removal list cannot be read.
        case removalListUnreadable
        /// A lock cannot be read.
        case lockUnreadable
    }

    /// How bad it is.
    public let severity: Severity
    /// What kind of finding it is.
    public let code: Code
    /// What was found, one line, lower case, no full stop.
    public let message: String
    /// Which object, which file in which snapshot.
    public let subject: String
    /// What to do; empty when there is nothing to do.
    public let hint: String

    init(_ severity: Severity, _ code: Code, _ message: String, subject: String, hint: String = "") {
        self.severity = severity
        self.code = code
        self.message = message
        self.subject = subject
        self.hint = hint
    }
}
