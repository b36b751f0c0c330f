extension SettingKind {
    /// A list of values of one kind.
    public static func list<Item>(of item: SettingKind<Item>, minimumCount: Int = 0) -> SettingKind
    where Value == [Item] {
        SettingKind(
            schema: {
                let items: SettingsValue = ["type": "array", "items": item.schema()]
                return minimumCount == 0 ? items : items.adding(["minItems": .integer(minimumCount)])
            }, placeholder: { [] }, show: { .list($0.map(item.show)) },
            read: { node, reader in
                guard case .list(let nodes) = node.content else {
                    reader.problem(
                        node.place, node.path, "is \(node.description), not a list",
                        hint: "write one `- item` a line, or [one, two]")
                    return nil
                }
                guard nodes.count <= SettingBounds.largestList else {
                    reader.problem(node.place, node.path, "has more than \(SettingBounds.largestList) items")
                    return nil
                }
                guard nodes.count >= minimumCount else {
                    reader.problem(node.place, node.path, "is empty", hint: "name at least \(minimumCount)")
                    return nil
                }
                let read = nodes.map { item.read($0, reader) }
                return (read.map { $0?.value ?? item.placeholder() }, .list(read.compactMap { $0?.shown }))
            })
    }

    /// Values of one kind by names of the owner's choice, in the order of the file.
    public static func map<Item>(of item: SettingKind<Item>) -> SettingKind where Value == [NamedSetting<Item>] {
        SettingKind(
            schema: {
                [
                    "type": "object", "propertyNames": ["pattern": .text(SettingName.pattern)],
                    "additionalProperties": item.schema(),
                ]
            }, placeholder: { [] }, show: { .map($0.map { SettingsValue.Entry($0.name, item.show($0.value)) }) },
            read: { node, reader in
                guard case .map(let entries) = node.content else {
                    reader.problem(node.place, node.path, "is \(node.description), not a group of names")
                    return nil
                }
                guard entries.count <= SettingBounds.largestMap else {
                    reader.problem(node.place, node.path, "has more than \(SettingBounds.largestMap) entries")
                    return nil
                }
                var named = [NamedSetting<Item>]()
                var shown = [SettingsValue.Entry]()
                for entry in entries {
                    if !SettingName.isValid(entry.key) {
                        reader.problem(
                            entry.place, node.path + [entry.key], "is no valid name", hint: SettingName.hint)
                    }
                    let read = item.read(entry.value, reader)
                    named.append(NamedSetting(name: entry.key, value: read?.value ?? item.placeholder()))
                    if let read { shown.append(SettingsValue.Entry(entry.key, read.shown)) }
                }
                return (named, .map(shown))
            })
    }

    /// Keys and what is under them. `body` is called to read, to describe, and to make a placeholder.
    public static func object(_ body: @escaping (Fields) -> Value) -> SettingKind {
        SettingKind(
            schema: { Fields.describing(body).schema },
            placeholder: { body(Fields(nil, nil)) },
            show: { _ in preconditionFailure("a group has no default of its own, but those of its keys") },
            read: { node, reader in
                guard case .map = node.content else {
                    reader.problem(node.place, node.path, "is \(node.description), not a group of keys")
                    return nil
                }
                let fields = Fields(node, reader)
                let value = body(fields)
                fields.refuseUnknownKeys()
                return (value, fields.effective)
            })
    }

    /// A group that may also be `true`, with all its defaults, or `false`, and then is nil.
    public static func switched<Group>(_ body: @escaping (Fields) -> Group) -> SettingKind where Value == Group? {
        let group = SettingKind<Group>.object(body)
        return SettingKind(
            schema: { ["oneOf": [["type": "boolean"], group.schema()]] }, placeholder: { nil },
            show: { _ in preconditionFailure("a group has no default of its own, but those of its keys") },
            read: { node, reader in
                guard case .scalar(let text) = node.content else {
                    return group.read(node, reader).map { (Optional($0.value), $0.shown) }
                }
                switch text {
                case "true":
                    let bare = SettingsNode(content: .map([]), place: node.place, head: node.head, path: node.path)
                    return group.read(bare, reader).map { (Optional($0.value), $0.shown) }
                case "false": return (Optional<Group>.none, false)
                default:
                    reader.problem(
                        node.place, node.path, "is \(node.description), not `true`, `false` or a group of keys")
                    return nil
                }
            })
    }

    /// Keys of which one says which others there are.
    public static func variants(
        by key: String, help: String, _ variants: [(name: String, body: (Fields) -> Value)]
    ) -> SettingKind {
        guard let first = variants.first else { preconditionFailure("there is a variant") }
        return SettingKind(
            schema: {
                let schemas = variants.map { variant in
                    SettingsValue.map([.init("title", .text(variant.name))]).adding(
                        Fields.describing { fields in
                            fields.discriminate(key, variant.name, help: help)
                            return variant.body(fields)
                        }.schema)
                }
                return ["oneOf": .list(schemas)]
            },
            placeholder: { first.body(Fields(nil, nil)) },
            show: { _ in preconditionFailure("a group has no default of its own, but those of its keys") },
            read: { node, reader in
                guard let name = Fields.variant(by: key, variants.map(\.name), node, reader),
                    let variant = variants.first(where: { $0.name == name })
                else { return nil }
                let fields = Fields(node, reader)
                fields.discriminate(key, name, help: help)
                let value = variant.body(fields)
                fields.refuseUnknownKeys()
                return (value, fields.effective)
            })
    }
}

/// A value with the name that the file gives it.
public struct NamedSetting<Value> {
    /// The name: small letters, digits, `-`.
    public let name: String
    /// The value.
    public let value: Value
}

extension NamedSetting: Sendable where Value: Sendable {}

/// How much a file may hold, so that comparing all with all stays short.
private enum SettingBounds {
    static let largestList = 10_000
    static let largestMap = 1000
}
