import Runbooks

/// Something that happened in a drill. The drill's state is made of these and nothing else, so that a runner that died goes on
/// where the last line of its log stands.
public enum DrillEvent: Sendable, Hashable, Codable {
    /// The drill began.
    case began(DrillBeginning)
    /// A runner took over from one that died.
    case resumed
    /// Every host is the environment's own and none is production's; or why not.
    case guarded(failure: String?)
    /// Something that changes staging is about to be made so: from here on it has to be cleared.
    case preparing(what: String)
    /// A point of production is in staging.
    case loaded(LoadedPoint)
    /// It is so: the fence, production's data; or why not.
    case prepared(what: String, failure: String?)
    /// The observer runs.
    case observing(process: Int32)
    /// So many beats were acknowledged: the fault may come.
    case steady(beatCount: Int)
    /// The injector is about to break something; from here on it may be broken.
    case injecting(fault: Int)
    /// It is broken.
    case injected(fault: Int)
    /// A probe crossed its threshold.
    case detected(probe: String)
    /// Nothing was detected in time.
    case undetected
    /// Somebody said that this is an emergency; `humanSeconds` he took for it.
    case declared(by: String, humanSeconds: Double)
    /// A step began, for the nth time, from 1.
    case stepBegan(id: String, attempt: Int)
    /// It ended.
    case stepEnded(id: String, outcome: StepOutcome)
    /// What was to be decided was asked.
    case asked(id: String)
    /// It was decided.
    case decided(id: String, value: String, by: String, humanSeconds: Double)
    /// The degraded service answers, for the first time or again.
    case degraded
    /// It does not any more: this probe crossed its threshold.
    case degradedLost(probe: String)
    /// The whole service answers.
    case recovered
    /// It did not in time.
    case notRecovered
    /// Acknowledged beats were looked for; how many.
    case readBack(count: Int)
    /// Something that must hold was looked at: the fence, masks, rows and files; nil when it holds.
    case proven(what: String, failure: String?)
    /// All of that was looked at.
    case examined
    /// What the runbook restored, by the ledger of what was drilled.
    case restored([DrilledRestore])
    /// Somebody ended it.
    case aborted(reason: String)
    /// Staging is as it was before.
    case cleared
    /// What it proved.
    case ended(Verdict)
}

/// What a drill begins with.
public struct DrillBeginning: Sendable, Hashable, Codable {
    /// Its name: `D-20261121T083000Z`.
    public var id: String
    /// The scenario's.
    public var scenario: String
    /// The environment's name.
    public var environment: String
    /// Does a person decide?
    public var isAttended: Bool
    /// What all that is random comes from.
    public var seed: UInt64
    /// The runbook as it was read, hexadecimal.
    public var runbookDigest: String
    /// How many faults there are.
    public var faultCount: Int
    /// Wall time, RFC 3339.
    public var time: String
    /// `lifeboat 0.1.0` and what else took part.
    public var versions: [String]
    /// Pseudonym of who runs it; nil when nobody said.
    public var performedBy: String?
    /// Pseudonym of the second person who approved the runbook as it is; nil when nobody did.
    public var approvedBy: String?
    /// The data that is about to be broken; nil when nobody could ask.
    public var data: DrilledData?
    /// SHA-256 of scenario, environment and runbook as they are written, hexadecimal: the same plan has the same.
    public var planDigest: String?

    /// A beginning.
    public init(
        id: String, scenario: String, environment: String, isAttended: Bool, seed: UInt64, runbookDigest: String,
        faultCount: Int, time: String, versions: [String],
        performedBy: String? = nil, approvedBy: String? = nil
    ) {
        self.id = id
        self.scenario = scenario
        self.environment = environment
        self.isAttended = isAttended
        self.seed = seed
        self.runbookDigest = runbookDigest
        self.faultCount = faultCount
        self.time = time
        self.versions = versions
        self.performedBy = performedBy
        self.approvedBy = approvedBy
    }
}

/// The protected data of an environment before anything of it is broken.
public struct DrilledData: Sendable, Hashable, Codable {
    /// Bytes that the newest recovery point of the plan holds, before compression and deduplication.
    public var byteCount: UInt64?
    /// That point.
    public var pointID: String?
    /// The longest span over the last 30 days between what could be restored and now, by recovery points alone: a journal makes it
    /// shorter. Seconds.
    public var exposureSeconds: Double?

    /// Data.
    public init(byteCount: UInt64? = nil, pointID: String? = nil, exposureSeconds: Double? = nil) {
        self.byteCount = byteCount
        self.pointID = pointID
        self.exposureSeconds = exposureSeconds
    }
}

/// How a step ended.
public struct StepOutcome: Sendable, Hashable, Codable {
    /// Exit status; nil when it was ended for taking too long, or could not be started.
    public var exit: Int32?
    /// Did its verification hold? Nil when it was not asked.
    public var isVerified: Bool?
    /// What went wrong; nil when nothing did.
    public var failure: String?
    /// The value that it sets.
    public var value: String?

    /// An outcome.
    public init(exit: Int32?, isVerified: Bool?, failure: String?, value: String?) {
        self.exit = exit
        self.isVerified = isVerified
        self.failure = failure
        self.value = value
    }
}

/// A line of a drill's log.
public struct DrillRecord: Sendable, Hashable, Codable {
    /// Seconds of the machine's clock that never steps.
    public var at: Double
    /// Wall time, seconds since 1970.
    public var wall: Double
    /// What happened.
    public var event: DrillEvent

    /// A line.
    public init(at: Double, wall: Double, event: DrillEvent) {
        self.at = at
        self.wall = wall
        self.event = event
    }
}
