/// Something that is wrong with a runbook.
public struct RunbookProblem: Sendable, Hashable, Codable {
    /// What sort of problem.
    public enum Kind: String, Sendable, Hashable, Codable {
        /// The file cannot be read as a runbook: front matter, attributes, names.
        case malformed
        /// One of the six sections is missing, empty, or out of order.
        case sectionMissing = "section_missing"
        /// A host that the environment does not have.
        case unknownHost = "unknown_host"
        /// A variable that nobody gives.
        case unknownVariable = "unknown_variable"
        /// A variable that would tell the answer.
        case forbiddenVariable = "forbidden_variable"
        /// A step, verification or proposal without `timeout`.
        case timeoutMissing = "timeout_missing"
        /// A step without a verification.
        case verificationMissing = "verification_missing"
        /// A word in double braces that stands for nothing, or stands in shell text.
        case unknownWord = "unknown_word"
        /// `sh -n` does not like it.
        case shellError = "shell_error"
        /// The day to read it again has passed.
        case reviewOverdue = "review_overdue"
        /// It changed since the last drill that passed.
        case drift
        /// It was not approved as it is.
        case notApproved = "not_approved"
    }

    /// What sort.
    public var kind: Kind
    /// The line, from 1.
    public var line: Int
    /// What is wrong, in a sentence without a full stop.
    public var message: String
    /// What to do.
    public var hint: String

    /// A problem.
    public init(_ kind: Kind, line: Int, _ message: String, hint: String = "") {
        self.kind = kind
        self.line = line
        self.message = message
        self.hint = hint
    }
}

/// A file that is no runbook, with everything that is wrong with it.
public struct RunbookError: Error, Sendable, CustomStringConvertible {
    /// The file.
    public let file: String
    /// What is wrong; at least one.
    public let problems: [RunbookProblem]

    /// What is wrong with a file.
    public init(file: String, problems: [RunbookProblem]) {
        self.file = file
        self.problems = problems
    }

    public var description: String {
        problems.map { "\(file):\($0.line): \($0.message)" + ($0.hint.isEmpty ? "" : "; \($0.hint)") }
            .joined(separator: "\n")
    }
}
