/// What went wrong with the journal: what, where, what to do. Failures of the store pass through as they are.
public struct JournalError: Error, Sendable {
    /// The kinds of failure a caller may want to tell apart.
    public enum Code: String, Sendable {
        /// Somebody else continued the chain that this writer was continuing.
        case otherWriter
        /// An object is not what its name says: damaged, swapped, renamed, of another repository.
        case damagedObject
        /// The newest objects of a chain are damaged: it must be mended before it goes on.
        case tailDamaged
        /// The object was written by a newer program.
        case unsupportedVersion
        /// A timeline's record is not there.
        case timelineMissing
        /// The records of the timelines contradict each other.
        case malformedTimelines
        /// The bytes are in a snapshot, not in a segment; ask the repository.
        case inSnapshot
        /// More bytes than a segment may have.
        case tooLarge
    }

    /// What kind of failure it is.
    public let code: Code
    /// What happened, one line, lower case, no full stop.
    public let message: String
    /// Which object.
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
