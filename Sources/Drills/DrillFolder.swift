/// The files of one drill.
public struct DrillFolder: Sendable, Hashable {
    /// Where they are.
    public let path: String

    /// A drill's folder; it need not be there.
    public init(_ path: String) { self.path = path }

    /// The drill's name: the last part of the path.
    public var id: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// What the runner did and saw: `DrillRecord`s.
    public var events: String { path + "/events.jsonl" }
    /// What the observer saw: `ObserverRecord`s.
    public var observer: String { path + "/observer.jsonl" }
    /// What was really done: `FaultTruth`s. Nobody reads it before the drill has ended.
    public var truth: String { path + "/truth.jsonl" }
    /// The report: a `DrillReport`.
    public var report: String { path + "/report.json" }
    /// The report as a page for people.
    public var page: String { path + "/report.html" }
    /// The observer's process: its number, and when it began.
    public var observerProcess: String { path + "/observer.pid" }
    /// What the observer's process wrote to its standard error.
    public var observerMessages: String { path + "/observer.err" }
    /// What the canary heard: `CanaryRecord`s.
    public var canary: String { path + "/canary.jsonl" }
    /// From where somebody tried to reach it: `FenceTry`s.
    public var fence: String { path + "/fence.jsonl" }
    /// The canary's process: its number, and when it began.
    public var canaryProcess: String { path + "/canary.pid" }
    /// What the canary's process wrote to its standard error.
    public var canaryMessages: String { path + "/canary.err" }
    /// The scenario and the environment as they were when it began, values filled in.
    public var scenario: String { path + "/scenario.yaml" }
    /// See `scenario`.
    public var environment: String { path + "/environment.yaml" }
    /// The runbook as it was when it began.
    public var runbook: String { path + "/runbook.md" }
    /// What a step wrote.
    public func log(of step: String, attempt: Int) -> String { path + "/steps/\(step).\(attempt).log" }
}
