/// The environment of programs that we start: ours, without the secrets in it.
public enum ChildEnvironment {
    /// Beginnings of names that are kept from children: passwords of repositories, credentials of stores.
    static let secretPrefixes = ["LIFEBOAT_PASSWORD", "RESTIC_PASSWORD", "AWS_"]

    /// The variables that a child may see.
    public static func filtered(_ variables: [String: String]) -> [String: String] {
        variables.filter { name, _ in !secretPrefixes.contains { name.hasPrefix($0) } }
    }
}
