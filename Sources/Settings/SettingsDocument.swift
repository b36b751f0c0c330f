/// A settings file that was read without a problem.
public struct SettingsDocument<Value> {
    /// What `body` made of it.
    public let value: Value
    /// What is in effect: the file's values, and the defaults of keys that it leaves out. Secrets are references.
    public let effective: SettingsValue
    /// Things to know that are no errors.
    public let warnings: [SettingsProblem]

    /// Reads YAML.
    ///
    /// - Parameters:
    ///   - file: what the file is called in messages.
    ///   - text: its content, at most 1 MiB.
    ///   - body: declares the keys of the file.
    /// - Throws: all problems together.
    public init(file: String, text: String, _ body: @escaping (Fields) -> Value) throws(SettingsError) {
        let reader = SettingsReader(file: file)
        let read = YAMLText.read(text, reader).flatMap { SettingKind.object(body).read($0, reader) }
        if let error = reader.error { throw error }
        guard let read else { preconditionFailure("what was not read has a problem") }
        value = read.value
        effective = read.shown
        warnings = reader.warnings
    }
}

extension SettingsDocument: Sendable where Value: Sendable {}

/// JSON Schema of settings files, for editors.
public enum SettingsSchema {
    /// The schema (draft 2020-12) of a file whose keys `body` declares.
    public static func of<Value>(title: String, _ body: (Fields) -> Value) -> SettingsValue {
        let head: SettingsValue = [
            "$schema": "https://json-schema.org/draft/2020-12/schema", "title": .text(title),
        ]
        return head.adding(Fields.describing(body).schema)
    }
}
