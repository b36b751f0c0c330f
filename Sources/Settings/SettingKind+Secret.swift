extension SettingKind where Value == SecretReference {
    /// Where a secret is found: exactly one of `file:`, `command:`, `env:`. What stands in a refused value is never repeated in
    /// a message, since it may be the secret.
    public static var secret: SettingKind {
        SettingKind(
            schema: {
                [
                    "type": "object",
                    "properties": [
                        "file": [
                            "type": "string", "pattern": "^/", "description": "file that only its owner can read",
                        ],
                        "command": ["type": "string", "description": "program that prints the secret, no shell"],
                        "env": [
                            "type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$", "description": "variable's name",
                        ],
                    ],
                    "additionalProperties": false, "minProperties": 1, "maxProperties": 1,
                ]
            },
            placeholder: { .file("/") }, show: \.value,
            read: { node, reader in
                guard let reference = SecretReading(node, reader).reference() else { return nil }
                return (reference, reference.value)
            })
    }
}

private struct SecretReading {
    private let node: SettingsNode
    private let reader: SettingsReader
    private let key: String

    init(_ node: SettingsNode, _ reader: SettingsReader) {
        self.node = node
        self.reader = reader
        key = node.path.last ?? "password"
    }

    private var hint: String { "name its place instead: `\(key): {file: /etc/lifeboat/\(key)}`, or command:, or env:" }

    func reference() -> SecretReference? {
        guard case .map(let entries) = node.content else {
            return refuse(
                node.place, "is written out; secrets never stand in this file, which is copied into every backup",
                hint)
        }
        guard let entry = entries.first, entries.count == 1 else {
            return refuse(node.place, "names \(entries.count) places", "give exactly one of file:, command:, env:")
        }
        guard ["file", "command", "env"].contains(entry.key) else {
            let names = ["file", "command", "env"]
            reader.problem(
                entry.place, node.path + [entry.key], "unknown key",
                hint: NearestName.hint(entry.key, among: names, called: "known here"))
            return nil
        }
        guard case .scalar(let text) = entry.value.content, !text.isEmpty else {
            return refuse(entry.value.place, "\(entry.key): is no text", hint)
        }
        return reference(entry.key, text, entry.value.place)
    }

    private func reference(_ kind: String, _ text: String, _ place: SettingsPlace) -> SecretReference? {
        switch kind {
        case "file":
            return text.hasPrefix("/")
                ? .file(text) : refuse(place, "file: is no absolute path", "begin it with `/`")
        case "env":
            let isName = text.utf8.allSatisfy { byte in
                (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte)
                    || byte == 0x5F
            }
            let startsWithDigit = text.utf8.first.map { (0x30...0x39).contains($0) } ?? true
            return isName && !startsWithDigit
                ? .env(text)
                : refuse(place, "env: is no name of a variable", "write the variable's name, not what it holds")
        default: return .command(text)
        }
    }

    private func refuse(_ place: SettingsPlace, _ message: String, _ hint: String) -> SecretReference? {
        reader.problem(place, node.path, message, hint: hint)
        return nil
    }
}
