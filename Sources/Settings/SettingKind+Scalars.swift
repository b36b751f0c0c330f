extension SettingKind where Value == String {
    /// Any text that is not empty.
    public static var text: SettingKind {
        simple(
            "text", schema: ["type": "string", "minLength": 1], placeholder: "",
            parse: { $0.isEmpty ? nil : $0 }, show: { .text($0) })
    }

    /// One line of text.
    public static var line: SettingKind {
        simple(
            "one line of text", schema: ["type": "string", "pattern": #"^[^\u0000-\u001f\u007f]+$"#], placeholder: "",
            parse: { isLine($0) ? $0 : nil }, show: { .text($0) })
    }

    /// An absolute path.
    public static var path: SettingKind {
        simple(
            "an absolute path", schema: ["type": "string", "pattern": #"^/[^\u0000-\u001f\u007f]*$"#], placeholder: "/",
            hint: "begin it with `/`", parse: { $0.hasPrefix("/") && isLine($0) ? $0 : nil }, show: { .text($0) })
    }

    /// A name as the configuration gives them: small letters, digits, `-`; a letter first, at most 63 characters.
    public static var name: SettingKind {
        simple(
            "a name", schema: ["type": "string", "pattern": .text(SettingName.pattern)], placeholder: "",
            hint: SettingName.hint, parse: { SettingName.isValid($0) ? $0 : nil }, show: { .text($0) })
    }

    private static func isLine(_ text: String) -> Bool {
        !text.isEmpty && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
    }
}

/// Names that a file gives to things.
enum SettingName {
    static let pattern = "^[a-z][a-z0-9-]{0,62}$"
    static let hint = "use small letters, digits and `-`, with a letter first, at most 63"

    static func isValid(_ text: String) -> Bool {
        guard let first = text.utf8.first, (0x61...0x7A).contains(first), text.utf8.count <= 63 else { return false }
        return text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }
    }
}

extension SettingKind where Value == Int {
    /// A whole number within bounds.
    public static func integer(_ range: ClosedRange<Int>) -> SettingKind {
        simple(
            "a whole number from \(range.lowerBound) to \(range.upperBound)",
            schema: [
                "type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound),
            ], placeholder: range.lowerBound,
            parse: { Int($0).flatMap { range.contains($0) ? $0 : nil } }, show: { .integer($0) })
    }
}

extension SettingKind where Value == Double {
    /// A number within bounds.
    public static func number(_ range: ClosedRange<Double>) -> SettingKind {
        simple(
            "a number from \(range.lowerBound) to \(range.upperBound)",
            schema: ["type": "number", "minimum": .number(range.lowerBound), "maximum": .number(range.upperBound)],
            placeholder: range.lowerBound,
            parse: { Double($0).flatMap { range.contains($0) ? $0 : nil } }, show: { .number($0) })
    }
}

extension SettingKind where Value == Bool {
    /// `true` or `false`.
    public static var boolean: SettingKind {
        simple(
            "`true` or `false`", schema: ["type": "boolean"], placeholder: false,
            parse: { $0 == "true" ? true : $0 == "false" ? false : nil }, show: { .boolean($0) })
    }
}

extension SettingKind where Value == Duration {
    /// A length of time in whole seconds.
    public static var duration: SettingKind {
        simple(
            "a length of time", schema: ["type": "string", "pattern": "^([0-9]{1,10}[wdhms])+$"], placeholder: .zero,
            hint: "write numbers with units: 90s, 15m, 24h, 30d, 1h30m", parse: Quantity.duration,
            show: { .text(Quantity.text($0)) })
    }
}

extension SettingKind where Value == UInt64 {
    /// A number of bytes.
    public static var byteCount: SettingKind {
        simple(
            "a number of bytes", schema: ["type": ["string", "integer"], "pattern": "^[0-9]+[KMGT]?(i?B)?$"],
            placeholder: 0, hint: "write 512, 64K, 16M, 2G or 1T", parse: Quantity.byteCount,
            show: { .text(Quantity.text($0)) })
    }
}

extension SettingKind where Value: RawRepresentable<String> & CaseIterable {
    /// One of the words of `type`.
    public static func choice(_ type: Value.Type) -> SettingKind {
        let words = type.allCases.map(\.rawValue)
        guard let first = type.allCases.first else { preconditionFailure("a choice has cases") }
        return scalar(
            "one of " + words.joined(separator: ", "), schema: ["enum": .list(words.map { .text($0) })],
            placeholder: first,
            parse: { text throws(SettingRefusal) in
                guard let value = Value(rawValue: text) else { throw UnknownWord.refusal(text, among: words) }
                return value
            }, show: { .text($0.rawValue) })
    }
}

/// A word that is none of those there are.
enum UnknownWord {
    static func refusal(_ text: String, among words: [String]) -> SettingRefusal {
        SettingRefusal(
            "is \(Shown.quoted(text)), not one of " + words.joined(separator: ", "),
            hint: NearestName.of(text, among: words).map { "did you mean `\($0)`?" } ?? "")
    }
}
