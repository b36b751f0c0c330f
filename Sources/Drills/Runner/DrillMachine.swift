public import Runbooks

/// What the runner of a drill has to do next.
public enum DrillAction: Sendable, Hashable {
    /// Prove that every host is the environment's own, and none production's.
    case prove
    /// Make something so before anything begins: the fence, production's data.
    case prepare(String)
    /// Start the observer.
    case observe
    /// Wait until so many beats are acknowledged.
    case awaitBeats(count: Int)
    /// Break something.
    case inject(fault: Int)
    /// Wait for a probe that crosses its threshold.
    case awaitDetection
    /// Have somebody say that this is an emergency.
    case declare
    /// Carry out these steps, side by side when there are several.
    case carryOut([RunbookStep])
    /// Have something decided.
    case decide(RunbookDecision)
    /// Wait until the whole service answers.
    case awaitRecovery
    /// Look for all acknowledged beats.
    case readBack
    /// Look at what else must hold.
    case examine
    /// Bring staging back to what it was.
    case clear
    /// Say what it proved.
    case conclude
    /// Nothing: it has ended.
    case nothing
}

/// A drill as a value: events go in, the next action comes out. No clock, no process, no file.
///
/// `began → guarded → prepared… → observing → steady → injected… → detected → declared → steps and decisions → recovered → read back →
/// proven → cleared → ended`. Whatever goes wrong on the way leads to `clear` and `conclude`: staging never stays broken.
public struct DrillMachine: Sendable {
    /// What was made of one action of the runbook.
    public struct Progress: Sendable, Hashable {
        /// How often it was begun.
        public var attempts = 0
        /// Does it run?
        public var isRunning = false
        /// Is it done?
        public var isDone = false
        /// Why it failed for the last time; nil when it did not.
        public var failure: String?
    }

    /// What has to be done by the runbook, in order: its recovery, then its verification.
    public let actions: [RunbookAction]
    /// So many beats come before the fault.
    public let minimumBeatCount: Int
    /// What is made so before anything begins, in this order.
    public let preparations: [String]
    /// Each action by its name.
    public private(set) var progress: [String: Progress] = [:]
    /// What steps and decisions have set.
    public private(set) var variables: [String: String] = [:]
    /// How the drill began; nil before.
    public private(set) var beginning: DrillBeginning?
    /// Why nothing further of the runbook is done; nil while all is well.
    public private(set) var stop: String?
    /// What it proved; nil until it has ended.
    public private(set) var verdict: Verdict?
    /// Was it made so? What a runner that took over has to go on with.
    public func isPrepared(_ what: String) -> Bool { prepared.contains(what) }
    /// Is the observer wanted?
    public var isObserved: Bool { isObserving && !isReadBack }
    private var isGuarded = false, isObserving = false, isSteady = false, isDetected = false, isDeclared = false
    private var isRecovered = false, isReadBack = false, isExamined = false, isCleared = false
    private var injected: Set<Int> = []
    private var prepared: Set<String> = []
    private var isBroken = false

    /// The drill of a runbook.
    public init(_ runbook: Runbook, minimumBeatCount: Int, preparations: [String] = []) {
        self.preparations = preparations
        actions = runbook.actions(in: .recovery) + runbook.actions(in: .verification)
        self.minimumBeatCount = minimumBeatCount
    }

    /// Takes in what happened.
    public mutating func apply(_ event: DrillEvent) {
        switch event {
        case .began(let beginning): self.beginning = beginning
        case .resumed: resume()
        case .guarded(let failure): failure.map { stop = "the guard refuses: \($0)" } ?? (isGuarded = true)
        case .preparing: isBroken = true
        case .loaded: break
        case .prepared(let what, let failure):
            failure.map { stop = "\(what): \($0)" } ?? { prepared.insert(what) }()
        case .observing: isObserving = true
        case .steady: isSteady = true
        case .injecting: isBroken = true
        case .injected(let fault): injected.insert(fault)
        case .detected: isDetected = true
        case .undetected: stop = "no probe noticed the failure"
        case .declared: isDeclared = true
        case .stepBegan(let id, let attempt):
            progress[id, default: Progress()].attempts = attempt
            progress[id, default: Progress()].isRunning = true
        case .stepEnded(let id, let outcome): end(id, outcome)
        case .asked: break
        case .decided(let id, let value, _, _):
            progress[id, default: Progress()].isDone = true
            set(id, value)
        case .degraded, .degradedLost, .restored: break
        case .recovered: isRecovered = true
        case .notRecovered: stop = "the service did not come back"
        case .readBack: isReadBack = true
        case .proven: break
        case .examined: isExamined = true
        case .aborted(let reason): stop = "aborted: \(reason)"
        case .cleared: isCleared = true
        case .ended(let verdict): self.verdict = verdict
        }
    }

    /// What has to be done now.
    public var next: DrillAction {
        if verdict != nil { return .nothing }
        guard beginning != nil else { return .nothing }
        if stop != nil { return ending }
        if !isGuarded { return .prove }
        if let what = preparations.first(where: { !prepared.contains($0) }) { return .prepare(what) }
        if !isObserving { return .observe }
        if !isSteady { return .awaitBeats(count: minimumBeatCount) }
        if let fault = (0..<(beginning?.faultCount ?? 0)).first(where: { !injected.contains($0) }) {
            return .inject(fault: fault)
        }
        if !isDetected { return .awaitDetection }
        if !isDeclared { return .declare }
        if let action = nextAction { return action }
        if !isRecovered { return .awaitRecovery }
        if !isReadBack { return .readBack }
        if !isExamined { return .examine }
        return ending
    }

    /// What was lost can be measured also when a step failed, once the fault is there.
    private var ending: DrillAction {
        if isObserving, isBroken, isRecovered, !isReadBack { return .readBack }
        return isCleared || !isBroken ? .conclude : .clear
    }

    private var nextAction: DrillAction? {
        guard let index = actions.firstIndex(where: { progress[$0.id]?.isDone != true }) else { return nil }
        switch actions[index] {
        case .decision(let decision): return .decide(decision)
        case .step(let first):
            guard let group = first.together else { return .carryOut([first]) }
            let steps = actions[index...].prefix { action in
                if case .step(let step) = action { step.together == group } else { false }
            }
            return .carryOut(
                steps.compactMap { action in
                    if case .step(let step) = action, progress[step.id]?.isDone != true { step } else { nil }
                })
        }
    }

    /// The number of the attempt that comes next for `step`, from 1.
    public func attempt(of step: RunbookStep) -> Int { (progress[step.id]?.attempts ?? 0) + 1 }

    private mutating func end(_ id: String, _ outcome: StepOutcome) {
        var one = progress[id] ?? Progress()
        one.isRunning = false
        one.failure = outcome.failure
        one.isDone = outcome.failure == nil
        progress[id] = one
        if let failure = outcome.failure {
            if one.attempts > retryCount(of: id) { stop = "step `\(id)` failed: \(failure)" }
        } else if let value = outcome.value {
            set(id, value)
        }
    }

    private mutating func set(_ id: String, _ value: String) {
        guard let name = actions.first(where: { $0.id == id })?.sets else { return }
        variables[name] = value
    }

    private func retryCount(of id: String) -> Int {
        guard case .step(let step)? = actions.first(where: { $0.id == id }) else { return 0 }
        return step.retryCount
    }

    /// What ran when the runner died is begun again; the attempt that was cut off does not count as a failure.
    private mutating func resume() {
        for (id, one) in progress where one.isRunning {
            progress[id]?.isRunning = false
            progress[id]?.attempts = one.attempts - 1
        }
    }
}
