/// When a source comes back in a restore of several.
public enum RestoreClass: String, Sendable, Codable, CaseIterable {
    /// Without it there is no service at all.
    case first
    /// The service runs degraded without it.
    case rest
}

/// Shell commands that are run while a service of several sources is restored.
public struct ServiceHooks: Sendable, Hashable {
    /// Run once everything of the class `first` is usable; nil for nothing.
    public var degraded: String?
    /// Run once everything is restored.
    public var recovered: String?

    /// Hooks.
    public init(degraded: String? = nil, recovered: String? = nil) {
        self.degraded = degraded
        self.recovered = recovered
    }
}
