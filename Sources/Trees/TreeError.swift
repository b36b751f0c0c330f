/// What went wrong while reading or writing a tree of files, or a tree blob.
public struct TreeError: Error, Sendable {
    /// The kinds of failure a caller may want to tell apart.
    public enum Code: String, Sendable {
        /// Nothing of that name is there.
        case notFound
        /// The operating system refuses.
        case accessDenied
        /// No space left, or the quota is used up.
        case noSpace
        /// A name that must not be used: empty, `.`, `..`, or with `/` or NUL in it.
        case unsafeName
        /// Something stands in the way and must not be replaced or followed.
        case obstructed
        /// The file changed its kind, or went, while it was read.
        case changedWhileReading
        /// The bytes of a tree blob are not a tree.
        case malformedTree
        /// A pattern that cannot be understood.
        case malformedPattern
        /// The file system or the platform cannot hold this.
        case unsupported
        /// Anything else the operating system says.
        case failed
    }

    /// What kind of failure it is.
    public let code: Code
    /// What happened, one line, lower case, no full stop.
    public let message: String
    /// The path, printable whatever bytes it holds.
    public let subject: String
    /// What to do next; empty when there is nothing to add.
    public let hint: String
    /// The error number of the operating system; 0 when it was not asked.
    public let errno: Int32
    /// The failure beneath, kept as it was.
    public let cause: (any Error)?

    /// Makes an error; see the properties for what each part says.
    public init(
        _ code: Code, _ message: String, subject: String, hint: String = "", errno: Int32 = 0,
        cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.subject = subject
        self.hint = hint
        self.errno = errno
        self.cause = cause
    }
}
