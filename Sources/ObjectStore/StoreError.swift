/// What went wrong between us and an object store: what, where, what to do, and whether trying again may help.
public struct StoreError: Error, Sendable {
    /// The kinds of failure a caller may want to tell apart.
    public enum Code: String, Sendable {
        /// No object of that name.
        case notFound
        /// A conditional put found an object in its place.
        case alreadyExists
        /// The range begins at or after the end of the object.
        case invalidRange
        /// The name breaks the rules of `ObjectStore`.
        case invalidName
        /// The bucket or the directory is not there.
        case storeMissing
        /// No credentials were found, or the file that should hold them cannot be used.
        case credentialsMissing
        /// The store knows us not, or the secret is wrong.
        case credentialsRefused
        /// The store knows us and forbids this.
        case accessDenied
        /// The clocks of the store and of this machine are too far apart.
        case clockSkewed
        /// The server's certificate is not trusted, or TLS could not be agreed on.
        case tlsUntrusted
        /// No space left, or a quota is used up.
        case noSpace
        /// The server asks for fewer requests (429, 503 SlowDown).
        case throttled
        /// No connection, a connection that broke, a time-out, or an error of the server's own (5xx).
        case unreachable
        /// Bytes came back that are not what the store said they would be.
        case corrupt
        /// The address or a setting of the store makes no sense.
        case invalidConfiguration
        /// The task was cancelled.
        case cancelled
        /// Anything else; the message tells.
        case failed
    }

    /// What kind of failure it is.
    public let code: Code
    /// What happened, one line, lower case, no full stop.
    public let message: String
    /// Which object in which store.
    public let subject: String
    /// What to do next; empty when there is nothing to add.
    public let hint: String
    /// May the same call succeed later?
    public let isTransient: Bool
    /// How long the server asked us to wait.
    public let retryAfter: Duration?
    /// The failure beneath, kept as it was.
    public let cause: (any Error)?

    /// Makes an error; see the properties for what each part says.
    public init(
        _ code: Code, _ message: String, subject: String, hint: String = "", isTransient: Bool = false,
        retryAfter: Duration? = nil, cause: (any Error)? = nil
    ) {
        self.code = code
        self.message = message
        self.subject = subject
        self.hint = hint
        self.isTransient = isTransient
        self.retryAfter = retryAfter
        self.cause = cause
    }
}
