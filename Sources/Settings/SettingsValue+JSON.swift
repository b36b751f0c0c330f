extension SettingsValue {
    /// The value as JSON, keys in their order; on one line, or indented by two spaces.
    public func json(isIndented: Bool = false) -> String {
        var text = ""
        appendJSON(to: &text, isIndented ? 0 : nil)
        return text
    }

    private func appendJSON(to text: inout String, _ level: Int?) {
        switch self {
        case .text(let value): text += SettingsValue.quoted(value)
        case .integer(let value): text += "\(value)"
        case .number(let value): text += "\(value)"
        case .boolean(let value): text += value ? "true" : "false"
        case .list(let items):
            SettingsValue.append(items, between: ("[", "]"), to: &text, level) { item, text, level in
                item.appendJSON(to: &text, level)
            }
        case .map(let entries):
            SettingsValue.append(entries, between: ("{", "}"), to: &text, level) { entry, text, level in
                text += SettingsValue.quoted(entry.key) + (level == nil ? ":" : ": ")
                entry.value.appendJSON(to: &text, level)
            }
        }
    }

    private static func append<Item>(
        _ items: [Item], between ends: (String, String), to text: inout String, _ level: Int?,
        _ append: (Item, inout String, Int?) -> Void
    ) {
        text += ends.0
        for (number, item) in items.enumerated() {
            if number > 0 { text += "," }
            if let level { text += "\n" + String(repeating: "  ", count: level + 1) }
            append(item, &text, level.map { $0 + 1 })
        }
        if let level, !items.isEmpty { text += "\n" + String(repeating: "  ", count: level) }
        text += ends.1
    }

    /// Text between double quotes, as JSON and YAML both read it.
    static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case "\r": result += "\\r"
            case _
            where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar == "\u{2028}"
                || scalar == "\u{2029}" || scalar == "\u{FEFF}":
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
