/// The files of the AWS tools: sections of `name = value` lines. Comments begin with `#` or `;`; indented lines are settings
/// nested below the last name, which nothing here needs.
struct INIFile {
    private var sections = [String: [String: String]]()

    init(_ text: String) {
        var section: String?
        for line in text.split(whereSeparator: \.isNewline) {
            guard let first = line.first, first != "#", first != ";", first != " ", first != "\t" else { continue }
            if first == "[" {
                section = line.dropFirst().prefix { $0 != "]" }.split(separator: " ").joined(separator: " ")
            } else if let section, let equals = line.firstIndex(of: "=") {
                let name = INIFile.trimmed(line[..<equals]).lowercased()
                var value = INIFile.trimmed(line[line.index(after: equals)...])
                if let comment = value.firstIndex(of: " "),
                    value[comment...].hasPrefix(" #") || value[comment...].hasPrefix(" ;")
                {
                    value = String(value[..<comment])
                }
                sections[section, default: [:]][name] = value
            }
        }
    }

    subscript(section: String) -> [String: String]? { sections[section] }

    private static func trimmed(_ text: Substring) -> String {
        let start = text.drop { $0.isWhitespace }
        return String(start.reversed().drop { $0.isWhitespace }.reversed())
    }
}
