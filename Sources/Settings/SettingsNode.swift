/// Where something stands in a file.
struct SettingsPlace: Sendable, Hashable, Comparable {
    /// From 1.
    var line = 1
    /// From 1, in Unicode scalars.
    var column = 1

    static func < (one: SettingsPlace, other: SettingsPlace) -> Bool {
        (one.line, one.column) < (other.line, other.column)
    }
}

/// A value of a settings file, with the place and the key path it was found at.
struct SettingsNode: Sendable {
    enum Content: Sendable {
        /// `key:` with nothing behind it, `~` or `null`.
        case nothing
        case scalar(String)
        case list([SettingsNode])
        case map([Entry])
    }

    struct Entry: Sendable {
        let key: String
        let place: SettingsPlace
        let value: SettingsNode
    }

    let content: Content
    /// Where the value begins.
    let place: SettingsPlace
    /// Where the key stands that names it; of items and the root, the value itself.
    let head: SettingsPlace
    /// Keys from the root to here; items of lists are `[0]`, `[1]`, …
    let path: [String]

    /// A map without entries, for a section that is not in the file.
    static func absent(_ key: String, in parent: SettingsNode) -> SettingsNode {
        SettingsNode(content: .map([]), place: parent.head, head: parent.head, path: parent.path + [key])
    }

    /// What is under `key`; nil when it is no map or has no such key.
    func entry(_ key: String) -> Entry? {
        guard case .map(let entries) = content else { return nil }
        return entries.first { $0.key == key }
    }

    /// Where the deepest part of `path` that exists stands.
    func place(of path: ArraySlice<String>) -> SettingsPlace {
        guard let first = path.first else { return place }
        switch content {
        case .map(let entries):
            guard let entry = entries.first(where: { $0.key == first }) else { return head }
            return entry.value.place(of: path.dropFirst())
        case .list(let items):
            guard let item = items.first(where: { $0.path.last == first }) else { return place }
            return item.place(of: path.dropFirst())
        case .nothing, .scalar: return place
        }
    }

    /// What kind of value it is, for messages.
    var description: String {
        switch content {
        case .nothing: "nothing"
        case .scalar(let text): Shown.quoted(text)
        case .list: "a list"
        case .map: "a group of keys"
        }
    }
}

/// Text of the file in messages: short, and without anything that could forge a line or move a cursor.
enum Shown {
    private static let largestCount = 60

    static func plain(_ text: String) -> String {
        let visible = String(
            String.UnicodeScalarView(text.unicodeScalars.prefix(largestCount).filter { $0.properties.isVisible }))
        return text.unicodeScalars.count > largestCount ? visible + "…" : visible
    }

    static func quoted(_ text: String) -> String { "\"\(plain(text))\"" }

    /// `a.b[0].c`.
    static func path(_ path: [String]) -> String {
        path.reduce("") { text, part in
            part.hasPrefix("[") ? text + part : text.isEmpty ? plain(part) : text + "." + plain(part)
        }
    }
}

extension Unicode.Scalar.Properties {
    fileprivate var isVisible: Bool {
        switch generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: true
        }
    }
}
