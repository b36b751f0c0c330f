/// What a value may be: how it is read, what it is when it could not be read, how it is shown, and how a schema describes it.
/// Reading and describing are one declaration, so a schema cannot say anything else than what is read.
public struct SettingKind<Value> {
    /// JSON Schema of the value, without title and default.
    let schema: () -> SettingsValue
    /// Stands for a value that was refused, so that reading can go on.
    let placeholder: () -> Value
    /// The value as a file has it.
    let show: (Value) -> SettingsValue
    /// The value and what is in effect; nil when it was refused and a problem recorded.
    let read: (SettingsNode, SettingsReader) -> (value: Value, shown: SettingsValue)?

    /// A kind whose values are one scalar.
    ///
    /// - Parameters:
    ///   - what: for messages: `a duration`.
    ///   - schema: JSON Schema.
    ///   - placeholder: stands for a value that was refused.
    ///   - parse: reads the text, or says why not.
    ///   - show: the reverse of `parse`.
    public static func scalar(
        _ what: String, schema: SettingsValue, placeholder: @autoclosure @escaping () -> Value,
        parse: @escaping (String) throws(SettingRefusal) -> Value, show: @escaping (Value) -> SettingsValue
    ) -> SettingKind {
        SettingKind(
            schema: { schema }, placeholder: placeholder, show: show,
            read: { node, reader in
                guard case .scalar(let text) = node.content else {
                    reader.problem(node.place, node.path, "is \(node.description), not \(what)")
                    return nil
                }
                do throws(SettingRefusal) {
                    let value = try parse(text)
                    return (value, show(value))
                } catch {
                    reader.problem(node.place, node.path, error.message, hint: error.hint)
                    return nil
                }
            })
    }

    /// A kind of scalar of which text either is one or not: `is "x", not a duration`.
    static func simple(
        _ what: String, schema: SettingsValue, placeholder: Value, hint: String = "",
        parse: @escaping (String) -> Value?, show: @escaping (Value) -> SettingsValue
    ) -> SettingKind {
        scalar(
            what, schema: schema, placeholder: placeholder,
            parse: { text throws(SettingRefusal) in
                guard let value = parse(text) else {
                    throw SettingRefusal("is \(Shown.quoted(text)), not \(what)", hint: hint)
                }
                return value
            }, show: show)
    }
}
