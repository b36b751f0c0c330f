/// What went wrong with a source: reading it, asking it, or bringing it back.
public struct SourceError: Error, Sendable {
    /// The kinds of failure a caller may want to tell apart.
    public enum Code: String, Sendable {
        /// A tool is not installed, or not found.
        case toolMissing
        /// A tool exited non-zero, was killed, ended early, or said less than its success line.
        case toolFailed
        /// The server cannot be reached.
        case serverUnreachable
        /// The server refuses the account, or the account lacks a privilege.
        case accessDenied
        /// The stream of a tool, or a server's answer, is not what its format says.
        case malformedStream
        /// The source is empty, shrunken, or not mounted: suspect, never a success.
        case suspectContent
        /// The version is refused, or was never tried.
        case versionUnsupported
        /// No space left.
        case noSpace
        /// The target is not empty, or in use.
        case targetOccupied
        /// The engine's own check, or a query, failed.
        case checkFailed
        /// The setting of this source makes no sense.
        case invalidSetting
        /// Took longer than it may.
        case timedOut
        /// Anything else.
        case failed
    }

    /// What kind of failure it is.
    public let code: Code
    /// What happened, one line, lower case, no full stop.
    public let message: String
    /// Which source, server or file.
    public let subject: String
    /// What to do next: the exact statement or setting where there is one; empty when there is nothing to add.
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
