/// Why a drill could not go on. What a drill shows is no error: that is its verdict.
public struct DrillError: Error, Sendable, CustomStringConvertible {
    /// What sort.
    public enum Code: String, Sendable {
        /// A file of the drill cannot be read or written.
        case fileFailed = "file_failed"
        /// A line of a log is not what this program writes.
        case logMalformed = "log_malformed"
        /// Another runner has this drill in its hands.
        case isRunning = "is_running"
        /// What the scenario asks for, this environment cannot do.
        case unsupported
        /// A program that the drill needs did not do its part.
        case helperFailed = "helper_failed"
        /// The guard could not prove that something is staging's own.
        case unproven
    }

    /// What sort.
    public let code: Code
    /// What happened.
    public let message: String
    /// Which file, host, or drill.
    public let subject: String
    /// What to do.
    public let hint: String
    /// What was behind it.
    public let cause: (any Error)?

    /// An error.
    public init(
        _ code: Code, _ message: String, subject: String, hint: String = "", cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.subject = subject
        self.hint = hint
        self.cause = cause
    }

    public var description: String { "\(subject): \(message)" + (hint.isEmpty ? "" : "; \(hint)") }
}
