/// The environment of programs that we start.
public enum ChildEnvironment {
    /// Beginnings of names that are kept from children: passwords of repositories, credentials of stores.
    static let secretPrefixes = ["LIFEBOAT_PASSWORD", "RESTIC_PASSWORD", "AWS_"]
    /// All that tools of databases and hooks get to see.
    static let allowedNames = ["PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "USER", "LOGNAME"]

    /// Ours without the secrets in it: for programs that the user named on the command line.
    public static func filtered(_ variables: [String: String]) -> [String: String] {
        variables.filter { name, _ in !secretPrefixes.contains { name.hasPrefix($0) } }
    }

    /// What is on the allow-list, nothing else: for tools and hooks that a configuration starts.
    public static func allowed(_ variables: [String: String]) -> [String: String] {
        variables.filter { name, _ in allowedNames.contains(name) }
    }
}
