/// The keys of a group, as one function reads or describes them: each call declares a key, and gives what the file has under it.
///
/// Where something is wrong a problem is recorded and a placeholder given, so that everything wrong is told at once. Nobody
/// sees a value that was made of placeholders.
public final class Fields {
    private struct Declaration {
        let key: String
        let isRequired: Bool
        let schema: SettingsValue
    }

    /// Both nil while describing.
    private let node: SettingsNode?
    private let reader: SettingsReader?
    private var declared: [Declaration] = []
    private var shown: [SettingsValue.Entry] = []
    /// Kinds are asked for their schemas only while describing.
    private let describes: Bool

    init(_ node: SettingsNode?, _ reader: SettingsReader?, describes: Bool = false) {
        self.node = node
        self.reader = reader
        self.describes = describes
    }

    // MARK: Declaring

    /// A key that may be left out: what it is then.
    public func callAsFunction<Value>(
        _ key: String, _ kind: SettingKind<Value>, help: String, default value: Value
    ) -> Value {
        optional(key, kind, help: help, default: value) ?? value
    }

    /// A key that must be there.
    public func required<Value>(_ key: String, _ kind: SettingKind<Value>, help: String) -> Value {
        declare(key, kind, help: help, isRequired: true, nil)
        guard let node, let reader else { return kind.placeholder() }
        guard let entry = node.entry(key) else {
            reader.problem(node.head, node.path + [key], "is missing", hint: "\(key): \(help)")
            return kind.placeholder()
        }
        return read(entry, kind, reader) ?? kind.placeholder()
    }

    /// A key that may be left out; nil then, when there is no default.
    public func optional<Value>(
        _ key: String, _ kind: SettingKind<Value>, help: String, default value: Value? = nil
    ) -> Value? {
        declare(key, kind, help: help, isRequired: false, value)
        guard let node, let reader, let entry = node.entry(key) else {
            if let value { shown.append(.init(key, kind.show(value))) }
            return value
        }
        return read(entry, kind, reader) ?? kind.placeholder()
    }

    /// A group that is read with its defaults when it is left out.
    public func section<Value>(_ key: String, help: String, _ body: @escaping (Fields) -> Value) -> Value {
        let kind = SettingKind.object(body)
        declare(key, kind, help: help, isRequired: false, nil)
        guard let node, let reader else { return kind.placeholder() }
        guard let entry = node.entry(key) else {
            let absent = kind.read(.absent(key, in: node), reader)
            if let absent, absent.shown != .map([]) { shown.append(.init(key, absent.shown)) }
            return absent?.value ?? kind.placeholder()
        }
        return read(entry, kind, reader) ?? kind.placeholder()
    }

    private func declare<Value>(
        _ key: String, _ kind: SettingKind<Value>, help: String, isRequired: Bool, _ value: Value?
    ) {
        var schema: SettingsValue = [:]
        if describes {
            schema = kind.schema().adding(["description": .text(help)])
            if let value { schema = schema.adding(["default": kind.show(value)]) }
        }
        declared.append(Declaration(key: key, isRequired: isRequired, schema: schema))
    }

    private func read<Value>(
        _ entry: SettingsNode.Entry, _ kind: SettingKind<Value>, _ reader: SettingsReader
    ) -> Value? {
        if case .nothing = entry.value.content {
            reader.problem(entry.place, entry.value.path, "has no value", hint: "give one, or leave the key out")
            return nil
        }
        guard let read = kind.read(entry.value, reader) else { return nil }
        shown.append(.init(entry.key, read.shown))
        return read.value
    }

    // MARK: Asking and telling

    /// Is the key in the file? False while describing.
    public func has(_ key: String) -> Bool { node?.entry(key) != nil }

    /// Is nothing read, so that all values are placeholders?
    public var isPlaceholder: Bool { node == nil }

    /// Was what is under `path`, or something above or below it, refused? Its value is then a placeholder, at least in part.
    public func isRefused(_ path: [String]) -> Bool {
        guard let node, let reader else { return false }
        return reader.isRefused(node.path + path)
    }

    /// Was all of what is under `path` refused, or never there?
    public func isAbsent(_ path: [String]) -> Bool {
        guard let node, let reader else { return false }
        return reader.isAbsent(node.path + path)
    }

    /// Records that something is wrong with what is under `path`, keys from here on, items of lists as `[0]`:
    /// `"plans", "nightly", "sources", "[0]"`. Told only when nothing else is wrong there.
    public func problem(_ path: String..., message: String, hint: String = "") {
        problem(at: path, message: message, hint: hint)
    }

    /// The same with the path as one value.
    public func problem(at path: [String], message: String, hint: String = "") {
        guard let node, let reader, !isRefused(path) else { return }
        reader.problem(node.place(of: path[...]), node.path + path, message, hint: hint)
    }

    /// Records something to know that is no error.
    public func warning(at path: [String], message: String, hint: String = "") {
        guard let node, let reader, !isRefused(path) else { return }
        reader.warning(node.place(of: path[...]), node.path + path, message, hint: hint)
    }

    /// Records that a name stands for nothing, with the name that may have been meant.
    public func unknownName(at path: [String], _ name: String, among names: [String], called what: String) {
        let hint =
            names.isEmpty
            ? "the file has no \(what) at all" : NearestName.hint(name, among: names, called: "there are")
        problem(at: path, message: "there is no \(what) \(Shown.quoted(name))", hint: hint)
    }

    // MARK: For the kinds

    func refuseUnknownKeys() {
        guard let node, let reader, case .map(let entries) = node.content else { return }
        let known = declared.map(\.key)
        for entry in entries where !known.contains(entry.key) {
            reader.problem(
                entry.place, node.path + [entry.key], "unknown key",
                hint: NearestName.hint(entry.key, among: known, called: "known here"))
        }
    }

    /// What is in effect: what the file says, and defaults.
    var effective: SettingsValue { .map(shown) }

    static func describing<Value>(_ body: (Fields) -> Value) -> Fields {
        let fields = Fields(nil, nil, describes: true)
        _ = body(fields)
        return fields
    }

    /// JSON Schema of the group.
    var schema: SettingsValue {
        let required = declared.filter(\.isRequired).map { SettingsValue.text($0.key) }
        let head: SettingsValue = [
            "type": "object", "properties": .map(declared.map { .init($0.key, $0.schema) }),
        ]
        return head.adding(required.isEmpty ? [:] : ["required": .list(required)])
            .adding(["additionalProperties": false])
    }

    /// Declares the key that says which variant this is.
    func discriminate(_ key: String, _ name: String, help: String) {
        declared.append(
            Declaration(
                key: key, isRequired: true, schema: ["const": .text(name), "description": .text(help)]))
        shown.append(.init(key, .text(name)))
    }

    /// Which variant a group is; nil when that cannot be told, and a problem says why.
    static func variant(
        by key: String, _ names: [String], _ node: SettingsNode, _ reader: SettingsReader
    ) -> String? {
        guard case .map = node.content else {
            reader.problem(node.place, node.path, "is \(node.description), not a group of keys")
            return nil
        }
        guard let entry = node.entry(key) else {
            reader.problem(
                node.head, node.path + [key], "is missing", hint: "one of " + names.joined(separator: ", "))
            return nil
        }
        guard case .scalar(let name) = entry.value.content, names.contains(name) else {
            let refusal = UnknownWord.refusal(
                { if case .scalar(let text) = entry.value.content { text } else { "" } }(), among: names)
            reader.problem(entry.value.place, entry.value.path, refusal.message, hint: refusal.hint)
            return nil
        }
        return name
    }
}
