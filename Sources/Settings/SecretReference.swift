/// Where a secret is found. The secret itself never stands in a settings file.
public enum SecretReference: Sendable, Hashable {
    /// A file that only its owner can read; an absolute path.
    case file(String)
    /// A program that prints it, with its arguments; no shell.
    case command(String)
    /// An environment variable, by its name.
    case env(String)

    /// As a settings file has it: `{file: …}`.
    public var value: SettingsValue {
        switch self {
        case .file(let path): ["file": .text(path)]
        case .command(let line): ["command": .text(line)]
        case .env(let name): ["env": .text(name)]
        }
    }
}
