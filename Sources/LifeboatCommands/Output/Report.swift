import FoundationEssentials

/// What a command has to tell: one value, printed as text or as JSON.
protocol Report: Encodable {
    /// The lines for a person.
    var lines: [String] { get }
}

extension CommandOutput {
    /// Prints a result in the form that was asked for; `--quiet` keeps the lines for a person back, JSON is always printed.
    func report(_ report: some Report, _ options: GlobalOptions) throws {
        if options.json {
            try json(report)
        } else if !options.quiet {
            for line in report.lines { try print(line) }
        }
    }

    /// Prints a value as one line of JSON.
    func json(_ value: some Encodable) throws { try print(JSONText.line(value)) }
}

/// Values as JSON text.
enum JSONText {
    /// One line, fields in alphabetical order.
    static func line(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
