import Glibc

/// What opening a store may look at: the variables and the home folder of whoever runs the program. This module reads neither
/// by itself.
public struct StoreEnvironment: Sendable {
    /// `AWS_...` and proxy variables by name.
    public var variables: [String: String]
    /// Where `.aws` is looked for; nil for nowhere.
    public var homeFolder: String?
    /// The time in seconds since 1970, for signatures.
    public var now: @Sendable () -> Int64

    /// The clock of this machine.
    public static let systemTime: @Sendable () -> Int64 = { Int64(time(nil)) }

    /// Makes an environment.
    public init(
        variables: [String: String], homeFolder: String?,
        now: @escaping @Sendable () -> Int64 = StoreEnvironment.systemTime
    ) {
        self.variables = variables
        self.homeFolder = homeFolder
        self.now = now
    }

    /// The value of a variable; nil when it is unset or empty.
    subscript(name: String) -> String? {
        guard let value = variables[name], !value.isEmpty else { return nil }
        return value
    }

    /// The proxy for an endpoint, by the variables that curl knows; nil for none.
    func proxy(for endpoint: S3Endpoint) -> String? {
        let exempt = (self["no_proxy"] ?? self["NO_PROXY"] ?? "").split(separator: ",").map { entry in
            entry.drop { $0 == " " || $0 == "." }.prefix { $0 != " " }
        }
        if exempt.contains(where: { $0 == "*" || endpoint.host == $0 || endpoint.host.hasSuffix(".\($0)") }) {
            return nil
        }
        let own = endpoint.isSecure ? self["https_proxy"] ?? self["HTTPS_PROXY"] : self["http_proxy"]
        return own ?? self["all_proxy"] ?? self["ALL_PROXY"]
    }
}
