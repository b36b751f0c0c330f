extension SettingsValue {
    /// The value as lines of YAML, which read as the same value.
    public var yamlLines: [String] {
        switch self {
        case .map(let entries) where !entries.isEmpty:
            entries.flatMap { entry in
                entry.value.lines(behind: SettingsValue.scalar(entry.key) + ":", indent: "  ")
            }
        case .list(let items) where !items.isEmpty:
            items.flatMap { item in
                // The first line of an item stands behind its dash, the others below that line.
                item.yamlLines.enumerated().map { ($0.offset == 0 ? "- " : "  ") + $0.element }
            }
        default: [inline]
        }
    }

    private func lines(behind head: String, indent: String) -> [String] {
        switch self {
        case .map(let entries) where !entries.isEmpty: [head] + yamlLines.map { indent + $0 }
        case .list(let items) where !items.isEmpty: [head] + yamlLines.map { indent + $0 }
        default: [head + " " + inline]
        }
    }

    private var inline: String {
        switch self {
        case .text(let value): SettingsValue.scalar(value)
        case .list: "[]"
        case .map: "{}"
        default: json()
        }
    }

    /// Text without quotes where no reader of YAML can take it for anything else.
    private static func scalar(_ text: String) -> String {
        let isWord = text.unicodeScalars.allSatisfy { scalar in
            scalar.isASCII && (scalar.properties.isAlphabetic || "0123456789/._-".unicodeScalars.contains(scalar))
        }
        let words = ["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
        guard isWord, let first = text.unicodeScalars.first, !words.contains(text.lowercased()) else {
            return quoted(text)
        }
        return first.properties.isAlphabetic || first == "/" || Quantity.duration(text) != nil ? text : quoted(text)
    }
}
