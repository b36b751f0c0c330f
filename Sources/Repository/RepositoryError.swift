/// What went wrong in a repository: what, where, what to do, and whether trying again may help.
///
/// Failures of the store beneath (`StoreError`), of ciphers (`SealingError`) and of files (`TreeError`) pass through as they
/// are; this is for what only the repository can know.
public struct RepositoryError: Error, Sendable {
    /// The kinds of failure a caller may want to tell apart.
    public enum Code: String, Sendable {
        /// There is no repository here.
        case noRepository
        /// A repository, or what is left of one, is here already.
        case alreadyExists
        /// The repository is of a format this program does not know.
        case unsupportedVersion
        /// `config` cannot be understood.
        case configDamaged
        /// No key file opens with the password.
        case wrongPassword
        /// A key file is not what a key file should be.
        case keyDamaged
        /// The key is in use, or the last one.
        case keyNeeded
        /// Another process holds a lock that excludes ours.
        case locked
        /// Our own lock was taken away, or could not be refreshed in time.
        case lockLost
        /// An object is not there although something refers to it.
        case objectMissing
        /// An object's bytes are not those its name promises.
        case objectDamaged
        /// A pack or its header is not what the index says.
        case packDamaged
        /// A blob is in no index.
        case blobMissing
        /// A blob's bytes are not those its name promises.
        case blobDamaged
        /// An index file cannot be understood.
        case indexDamaged
        /// No snapshot matches.
        case snapshotMissing
        /// Several snapshots match where one is wanted.
        case snapshotAmbiguous
        /// A snapshot file cannot be understood.
        case snapshotDamaged
        /// A path is not in the snapshot.
        case pathMissing
        /// A tree is not what a tree should be.
        case treeDamaged
        /// Something is damaged, and going on would lose data.
        case unsafeToContinue
        /// A child program failed, and so did the backup of what it wrote.
        case sourceFailed
        /// An argument makes no sense.
        case invalidArgument
        /// The task was cancelled.
        case cancelled
    }

    /// What kind of failure it is.
    public let code: Code
    /// What happened, one line, lower case, no full stop.
    public let message: String
    /// Which object in which repository.
    public let subject: String
    /// What to do next; empty when there is nothing to add.
    public let hint: String
    /// May the same call succeed later?
    public let isTransient: Bool
    /// The failure beneath, kept as it was.
    public let cause: (any Error)?

    /// Makes an error; see the properties for what each part says.
    public init(
        _ code: Code, _ message: String, subject: String, hint: String = "", isTransient: Bool = false,
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.subject = subject
        self.hint = hint
        self.isTransient = isTransient
        self.cause = cause
    }
}
