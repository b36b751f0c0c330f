/// A value as a settings file can hold it, its keys in order: what is in effect, and schemas.
public enum SettingsValue: Sendable, Hashable {
    /// A key and what is under it.
    public struct Entry: Sendable, Hashable {
        /// The key.
        public let key: String
        /// What is under it.
        public let value: SettingsValue

        /// Names a value.
        public init(_ key: String, _ value: SettingsValue) {
            self.key = key
            self.value = value
        }
    }

    case text(String)
    case integer(Int)
    case number(Double)
    case boolean(Bool)
    case list([SettingsValue])
    case map([Entry])

    /// What is under `key`; nil when this is no map or has no such key.
    public subscript(key: String) -> SettingsValue? {
        guard case .map(let entries) = self else { return nil }
        return entries.first { $0.key == key }?.value
    }

    /// The entries of a map; none of anything else.
    public var entries: [Entry] { if case .map(let entries) = self { entries } else { [] } }

    /// The items of a list; none of anything else.
    public var items: [SettingsValue] { if case .list(let items) = self { items } else { [] } }

    /// The text, where it is text.
    public var text: String? { if case .text(let text) = self { text } else { nil } }
}

extension SettingsValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .text(value) }
    public init(integerLiteral value: Int) { self = .integer(value) }
    public init(booleanLiteral value: Bool) { self = .boolean(value) }
    public init(arrayLiteral elements: SettingsValue...) { self = .list(elements) }
    public init(dictionaryLiteral elements: (String, SettingsValue)...) {
        self = .map(elements.map { Entry($0.0, $0.1) })
    }

    /// This map with the entries of another behind its own.
    func adding(_ other: SettingsValue) -> SettingsValue { .map(entries + other.entries) }
}
