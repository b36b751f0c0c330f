/// One thing that is wrong in a settings file, or that its owner should know.
public struct SettingsProblem: Sendable, Hashable, Codable {
    /// The file, as it was named.
    public let file: String
    /// Line, from 1.
    public let line: Int
    /// Column, from 1, counted in Unicode scalars.
    public let column: Int
    /// Where in the file's structure: `sources.db.assertions[0].sql`; empty for the file as a whole.
    public let key: String
    /// What is wrong, one line, lower case, no full stop.
    public let message: String
    /// What to do; empty when there is nothing to add.
    public let hint: String

    /// `file:line:column: key: message`.
    public var text: String {
        "\(file):\(line):\(column): " + (key.isEmpty ? message : "\(key): \(message)")
    }
}

/// All that is wrong in a settings file, in the order of its lines.
public struct SettingsError: Error, Sendable {
    /// The most problems that are told at once; a file with more is told of these first.
    public static let largestCount = 50

    /// The file, as it was named.
    public let file: String
    /// What is wrong; never empty.
    public let problems: [SettingsProblem]
}

extension SettingsError: CustomStringConvertible {
    /// Each problem on a line, its hint on the next.
    public var description: String {
        problems.flatMap { $0.hint.isEmpty ? [$0.text] : [$0.text, "hint:  \($0.hint)"] }.joined(separator: "\n")
    }
}

/// Why the text of a value is refused.
public struct SettingRefusal: Error, Sendable {
    /// What is wrong with it, to stand behind the key: `has an hour above 23`.
    public let message: String
    /// What to write instead.
    public let hint: String

    /// Refuses a value.
    public init(_ message: String, hint: String = "") {
        self.message = message
        self.hint = hint
    }
}
