/// What went wrong with the ledger: what, where, what to do.
public struct LedgerError: Error, Sendable {
    /// The kinds of failure a caller may want to tell apart.
    public enum Code: String, Sendable {
        /// Somebody else wrote events in this node's name. An alarm: nothing is overwritten, ours stay in the spool.
        case forked
        /// The store has lost events that it had acknowledged, or gives older ones.
        case rolledBack
        /// Another process writes this node's events and does not come to an end.
        case locked
        /// The state folder cannot be used.
        case stateUnusable
        /// This node has a key but does not know its last event, and the store cannot be asked.
        case headUnknown
        /// The node's name makes no sense.
        case invalidNode
        /// The payload is too large, or cannot be encoded.
        case invalidPayload
        /// The bytes are no event.
        case malformedEvent
    }

    /// What kind of failure it is.
    public let code: Code
    /// What happened, one line, lower case, no full stop.
    public let message: String
    /// Which node, file or object.
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
