/// What went wrong with recovery points, restores and verifications as such; failures of sources, stores and repositories
/// pass through as they are.
public struct RecoveryError: Error, Sendable {
    /// The kinds of failure a caller may want to tell apart.
    public enum Code: String, Sendable {
        /// No recovery point matches.
        case pointMissing
        /// Several points match where one is wanted.
        case pointAmbiguous
        /// A snapshot of the point is gone: somebody removed it.
        case pointBroken
        /// The point has a failed source, or does not have the one that was asked for.
        case pointIncomplete
        /// The same plan, or a restore of the same source, is running already.
        case alreadyRunning
        /// A restore in place was begun and is neither finished nor undone.
        case restorePending
        /// There is nothing to undo, to go on with, or to drop.
        case nothingPending
        /// The moment is in no log, or on several timelines.
        case targetUnreachable
        /// The journal did not get what the live server wrote last.
        case flushMissing
        /// The target cannot take the restore: not empty, too small, of another kind.
        case targetUnusable
        /// The name typed out is not the source's.
        case notConfirmed
        /// The configuration lacks what this needs.
        case notConfigured
        /// A command of the configuration failed.
        case commandFailed
        /// Something restored is not what it should be.
        case contentDiffers
        /// The erasure ledger has a hole, or lost its end.
        case erasuresIncomplete
        /// No erasure has that number, or no kind of subject that name.
        case erasureUnknown
        /// Whoever was to be erased is still in the live database.
        case subjectPresent
        /// Erasures or masks could not be applied, so what was restored is not handed over.
        case notHandedOver
        /// The operating system refuses.
        case systemFailed
    }

    /// What kind of failure it is.
    public let code: Code
    /// What happened, one line, lower case, no full stop.
    public let message: String
    /// Which point, source or path.
    public let subject: String
    /// What to do next; empty when there is nothing to add.
    public let hint: String
    /// The failure beneath, kept as it was.
    public let cause: (any Error)?

    /// Makes an error; see the properties for what each part says.
    public init(_ code: Code, _ message: String, subject: String, hint: String = "", cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.subject = subject
        self.hint = hint
        self.cause = cause
    }
}
