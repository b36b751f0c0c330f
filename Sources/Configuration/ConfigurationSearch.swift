/// Where a configuration is looked for.
public enum ConfigurationSearch {
    /// A file that may hold it.
    public struct Candidate: Sendable, Hashable {
        /// Its path.
        public let path: String
        /// It was asked for by name, so that it must be there.
        public let isRequired: Bool
    }

    /// The places in their order: `--config`, `LIFEBOAT_CONFIG`, the working directory, the system. A place that somebody named
    /// is the only one.
    public static func candidates(option: String?, environment: [String: String]) -> [Candidate] {
        for named in [option, environment["LIFEBOAT_CONFIG"]] {
            if let named, !named.isEmpty { return [Candidate(path: named, isRequired: true)] }
        }
        return ["./lifeboat.yaml", "/etc/lifeboat/lifeboat.yaml"].map { Candidate(path: $0, isRequired: false) }
    }
}
