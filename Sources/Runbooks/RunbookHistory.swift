public import Sealing

/// What the ledger says of a runbook: who approved which version of it, and what drills made of it.
public struct RunbookHistory: Sendable, Hashable {
    /// Somebody approved a version. The detail of an event of kind `runbook_approved`.
    public struct Approval: Sendable, Hashable, Codable {
        /// The scenario.
        public var scenario: String
        /// The file, as it was named.
        public var file: String
        /// SHA-256 of the file, hexadecimal.
        public var digest: String
        /// Pseudonym of who wrote it; nil when nobody said.
        public var author: String?
        /// Pseudonym of who approved it.
        public var approvedBy: String

        enum CodingKeys: String, CodingKey {
            case scenario, file, digest, author
            case approvedBy = "approved_by"
        }

        /// An approval.
        public init(scenario: String, file: String, digest: String, author: String?, approvedBy: String) {
            self.scenario = scenario
            self.file = file
            self.digest = digest
            self.author = author
            self.approvedBy = approvedBy
        }
    }

    /// A drill followed it. What is read of the detail of an event of kind `drill`.
    public struct Drill: Sendable, Hashable, Codable {
        /// A step of it.
        public struct Step: Sendable, Hashable, Codable {
            /// Its name.
            public var step: String
            /// How long it took, all attempts; nil when it was not carried out.
            public var seconds: Double?

            /// A step.
            public init(step: String, seconds: Double?) {
                self.step = step
                self.seconds = seconds
            }
        }

        /// The scenario.
        public var scenario: String
        /// `pass`, `fail`, `inconclusive`.
        public var verdict: String
        /// SHA-256 of the runbook, hexadecimal.
        public var runbookDigest: String
        /// Its steps; nil when the event does not list them.
        public var steps: [Step]?

        enum CodingKeys: String, CodingKey {
            case scenario, verdict, steps
            case runbookDigest = "runbook_digest"
        }

        /// A drill.
        public init(scenario: String, verdict: String, runbookDigest: String, steps: [Step]?) {
            self.scenario = scenario
            self.verdict = verdict
            self.runbookDigest = runbookDigest
            self.steps = steps
        }
    }

    /// Oldest first.
    public var approvals: [Approval]
    /// Oldest first.
    public var drills: [Drill]

    /// What is known; nothing by default.
    public init(approvals: [Approval] = [], drills: [Drill] = []) {
        self.approvals = approvals
        self.drills = drills
    }

    /// The last approval of exactly this version; `person`, a pseudonym, does not count: who runs it needs somebody else.
    public func approval(of digest: Digest, byOtherThan person: String? = nil) -> Approval? {
        approvals.last { $0.digest == digest.hex && ($0.approvedBy != person || person == nil) }
    }

    /// The last drill of its scenario that passed.
    public func lastPassed(_ runbook: Runbook) -> Drill? {
        drills.last { $0.scenario == runbook.head.scenario && $0.verdict == "pass" }
    }

    /// Seconds that each step took in drills that passed, oldest first, at most the last five.
    public func durations(of runbook: Runbook) -> [String: [Double]] {
        var found = [String: [Double]]()
        for drill in drills where drill.scenario == runbook.head.scenario && drill.verdict == "pass" {
            for step in drill.steps ?? [] {
                if let seconds = step.seconds { found[step.step, default: []].append(seconds) }
            }
        }
        return found.mapValues { Array($0.suffix(5)) }
    }

    /// That it changed since the last drill that passed, and, with `wantsApproval`, that nobody approved it as it is.
    public func problems(of runbook: Runbook, wantsApproval: Bool) -> [RunbookProblem] {
        var problems = [RunbookProblem]()
        if let passed = lastPassed(runbook), passed.runbookDigest != runbook.digest.hex {
            problems.append(
                RunbookProblem(
                    .drift, line: 1, "changed since the last drill that passed, at \(passed.runbookDigest.prefix(12))",
                    hint: "drill it as it is: `lifeboat drill run \(runbook.head.scenario)`"))
        }
        if wantsApproval, approval(of: runbook.digest) == nil {
            let before = approvals.contains { $0.scenario == runbook.head.scenario }
            problems.append(
                RunbookProblem(
                    .notApproved, line: 1,
                    before ? "was edited since it was approved" : "was never approved",
                    hint: "a second person reads it, then: lifeboat runbook approve \(runbook.head.scenario)"))
        }
        return problems
    }
}
