public import Retention

/// Sources, store, schedule and retention that go together.
public struct Plan: Sendable {
    /// Its name: small letters, digits, `-`.
    public var name: String
    /// Name of the store that its points go to.
    public var store: String
    /// Names of its sources. Databases are read first, whatever the order here.
    public var sources: [String]
    /// When it runs: five fields of cron; nil when something else starts it. Read by `config check` only, so far.
    public var schedule: String?
    /// How long a run usually takes, for `config check`; nil when unknown.
    public var usualDuration: Duration?
    /// Which recovery points stay.
    public var keep: RetentionPolicy

    /// A plan.
    public init(name: String, store: String, sources: [String], keep: RetentionPolicy) {
        self.name = name
        self.store = store
        self.sources = sources
        self.keep = keep
    }
}
