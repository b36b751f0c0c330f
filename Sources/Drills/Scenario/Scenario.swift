public import Runbooks

/// A described failure: what breaks, what counts as degraded and as recovered, and within what time. Read from `scenarios/*.yaml`.
public struct Scenario: Sendable, Hashable {
    /// The longest that the owner accepts.
    public struct Objective: Sendable, Hashable, Codable {
        /// Data of the database that may be lost.
        public var rpoDatabase: Duration
        /// Files that may be lost.
        public var rpoFiles: Duration
        /// Until the degraded service is up; nil when there is no such state.
        public var degraded: Duration?
        /// Until the whole service is up.
        public var full: Duration
    }

    /// What drill copies must not do, and how that is proven.
    public struct Fence: Sendable, Hashable {
        /// `address:port` in the runner's network that must hear nothing from a drill copy; nil for the environment's.
        public var canary: String?
        /// Must it be proven, also where the environment has no canary?
        public var isRequired = false

        /// Is it asked for?
        public var isAsked: Bool { canary != nil || isRequired }
    }

    /// Something that must hold at the end, looked at by a script that ends with 0 when it does.
    public struct Examination: Sendable, Hashable {
        /// What must hold: `rows and files`, `masks`.
        public var name: String
        /// The script, on a host.
        public var script: RunbookScript
    }

    /// A letter or a word: `D`.
    public var id: String
    /// What happens, in a line.
    public var title: String
    /// The file of the runbook, below the project's folder.
    public var runbook: String
    /// What is accepted.
    public var objective: Objective
    /// What breaks, in this order.
    public var faults: [Fault]
    /// A command that keeps the service busy, run on the observer's side; nil for beats only.
    public var workload: String?
    /// What the observer writes and looks for again.
    public var beats: BeatPlan
    /// What the observer asks.
    public var probes: [Probe]
    /// Probes any of which detects the failure when it crosses its threshold.
    public var detectedBy: [String]
    /// Probes that all answer when the service is degraded, at least.
    public var degradedBy: [String]
    /// Probes that all answer when the service is whole.
    public var recoveredBy: [String]
    /// How long nothing may be detected before the drill gives up.
    public var detectionTimeout: Duration
    /// How long the service may stay down after the last step before the drill gives up.
    public var recoveryTimeout: Duration
    /// The masks that must have been applied to what comes back; nil with synthetic data.
    public var masks: String?
    /// Columns that are known to be personal in production, as `database.table.column`: values of them are looked for in what is
    /// masked, whatever the mask profile says of them.
    public var personal: [String]
    /// The fence.
    public var fence: Fence
    /// What must hold at the end.
    public var examinations: [Examination]
}
