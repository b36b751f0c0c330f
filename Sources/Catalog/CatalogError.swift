/// What can go wrong with the catalog. It holds no copy that is the only one, so the way out is always the same.
public struct CatalogError: Error, Sendable {
    /// The kinds of failure.
    public enum Code: String, Sendable {
        /// The file cannot be opened, read or written.
        case catalogUnusable
        /// A newer release made it.
        case catalogTooNew
        /// It is of another repository.
        case otherRepository
        /// No drill has that name, or several do.
        case drillUnknown
        /// The table of a mirror cannot take the rows.
        case mirrorUnusable
    }

    /// What kind of failure it is.
    public let code: Code
    /// What happened, one line.
    public let message: String
    /// Which file or table.
    public let subject: String
    /// What to do.
    public let hint: String
    /// The failure beneath.
    public let cause: (any Error)?

    init(_ code: Code, _ message: String, subject: String, hint: String = "", cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.subject = subject
        self.hint = hint
        self.cause = cause
    }
}
