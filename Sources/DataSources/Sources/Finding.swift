/// What `doctor` found about a source.
public struct Finding: Sendable, Hashable, Codable {
    /// How bad it is.
    public enum Severity: String, Sendable, Codable, Comparable {
        /// As it should be.
        case good
        /// Backups work; an objective or a convenience is at risk.
        case warning
        /// Backups do not work.
        case problem

        public static func < (one: Severity, other: Severity) -> Bool { one.rank < other.rank }
        private var rank: Int { self == .good ? 0 : self == .warning ? 1 : 2 }
    }

    /// How bad it is.
    public var severity: Severity
    /// What was looked at and what it is, one line: `binlog_row_image is MINIMAL`.
    public var message: String
    /// The exact statement, setting or command that mends it; empty when nothing needs to be done.
    public var remedy: String

    /// Says what was found.
    public init(_ severity: Severity, _ message: String, remedy: String = "") {
        self.severity = severity
        self.message = message
        self.remedy = remedy
    }
}
