import Glibc

/// What went wrong in a command itself, before or beside the engine.
public struct CommandError: Error, Sendable {
    /// The kinds of failure a caller may want to tell apart.
    public enum Code: String, Sendable {
        /// No repository was named.
        case repositoryNotNamed
        /// No password, and nobody to ask.
        case passwordMissing
        /// The password is empty, or two entries of it differ.
        case passwordUnusable
        /// The password file can be read by others, or not at all.
        case passwordFileUnusable
        /// The program that should print the password failed.
        case passwordCommandFailed
        /// There is no configuration file.
        case configurationMissing
        /// The configuration file cannot be read, or not be trusted.
        case configurationUnusable
        /// A file named on the command line cannot be used.
        case fileUnusable
        /// Options that exclude or need each other, or make no sense.
        case invalidArgument
        /// Damage was found.
        case damageFound
        /// The operating system refuses.
        case systemFailed
        /// A signal asked for the end.
        case interrupted
        /// This cannot be done yet.
        case unsupported
    }

    /// What kind of failure it is.
    public let code: Code
    /// What happened, one line, lower case, no full stop.
    public let message: String
    /// Which file, option or object; empty when the message says it.
    public let subject: String
    /// What to do next; empty when there is nothing to add.
    public let hint: String
    /// The failure beneath, kept as it was.
    public let cause: (any Error)?

    /// Makes an error; see the properties for what each part says.
    public init(_ code: Code, _ message: String, subject: String = "", hint: String = "", cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.subject = subject
        self.hint = hint
        self.cause = cause
    }

    static func system(_ number: Int32, _ what: String, subject: String, hint: String = "") -> CommandError {
        CommandError(.systemFailed, "\(what): \(systemMessage(number))", subject: subject, hint: hint)
    }
}

/// The text of an error number of the operating system, with a small first letter.
func systemMessage(_ number: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { memory in
        guard let base = memory.baseAddress, strerror_r(number, base, memory.count) == 0 else {
            return "error \(number)"
        }
        let text = String(cString: base)
        return text.prefix(1).lowercased() + text.dropFirst()
    }
}
