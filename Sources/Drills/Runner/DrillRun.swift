public import Runbooks
import Sealing

/// Carries out a drill: a thin shell around `DrillMachine`. Every event is on the disk before the next action begins.
public struct DrillRun: Sendable {
    /// What takes part.
    public struct Parts: Sendable {
        /// Reaches hosts.
        public var reach: any HostReach
        /// Proves that they may be broken.
        public var safety: any DrillGuard
        /// Looks from outside.
        public var observer: any ObserverControl
        /// Breaks.
        public var injector: any FaultInjector
        /// Decides.
        public var person: any DrillPerson
        /// Looks at the end.
        public var examiner: any DrillExaminer
        /// Brings staging back.
        public var clearing: any StagingClearing
        /// The clocks.
        public var clock = DrillClock.system
        /// Make something so before anything begins, in this order.
        public var preparations: [any DrillPreparation] = []
        /// Says what the runbook restored; nil when nobody can.
        public var restores: (any RestoreWitness)?

        /// Parts.
        public init(
            reach: any HostReach, safety: any DrillGuard, observer: any ObserverControl, injector: any FaultInjector,
            person: any DrillPerson, examiner: any DrillExaminer, clearing: any StagingClearing
        ) {
            self.reach = reach
            self.safety = safety
            self.observer = observer
            self.injector = injector
            self.person = person
            self.examiner = examiner
            self.clearing = clearing
        }
    }

    /// Why a drill that somebody ended was ended.
    static let interruption = "ended by whoever ran it"

    let scenario: Scenario
    let runbook: Runbook
    let folder: DrillFolder
    let variables: [String: String]
    let parts: Parts
    /// Gets every record as it is written: live progress.
    let watch: @Sendable (DrillRecord) -> Void
    /// Makes the verdict when all else is done.
    let judge: @Sendable ([DrillRecord]) async throws -> Verdict

    /// - Parameters:
    ///   - scenario: what breaks.
    ///   - runbook: the procedure.
    ///   - folder: the drill's own; it is there.
    ///   - variables: what the environment gives runbooks.
    ///   - parts: what takes part.
    ///   - watch: gets every record once it is written.
    ///   - judge: makes the verdict from the log when everything else is done; writes the report.
    public init(
        _ scenario: Scenario, _ runbook: Runbook, in folder: DrillFolder, variables: [String: String], parts: Parts,
        watch: @escaping @Sendable (DrillRecord) -> Void = { _ in },
        judge: @escaping @Sendable ([DrillRecord]) async throws -> Verdict
    ) {
        self.scenario = scenario
        self.runbook = runbook
        self.folder = folder
        self.variables = variables
        self.parts = parts
        self.watch = watch
        self.judge = judge
    }

    /// Begins the drill.
    ///
    /// - Throws: `DrillError`; whatever went wrong in the drill itself is part of its verdict.
    public func begin(_ beginning: DrillBeginning) async throws -> Verdict {
        var state = try State(self)
        guard state.records.isEmpty else {
            throw DrillError(.isRunning, "this drill was begun already", subject: folder.path, hint: "resume it")
        }
        try state.add(.began(beginning))
        return try await go(&state)
    }

    /// Goes on where a runner died.
    public func resume() async throws -> Verdict {
        var state = try State(self)
        guard !state.records.isEmpty else {
            throw DrillError(.fileFailed, "there is no drill", subject: folder.path)
        }
        if let verdict = state.machine.verdict { return verdict }
        try await StepProcesses(folder).end(by: parts.reach)
        try state.add(.resumed)
        if let begun = state.machine.beginning?.runbookDigest, !begun.isEmpty, begun != runbook.digest.hex,
            state.machine.stop == nil
        {
            try state.add(.aborted(reason: "the runbook was edited since the drill began"))
        }
        for one in parts.preparations where state.machine.isPrepared(one.what) { try await one.resume() }
        // It outlives the runner; where it did not, the gap is in its log.
        if state.machine.isObserved { _ = try await parts.observer.start() }
        return try await go(&state)
    }

    private func go(_ state: inout State) async throws -> Verdict {
        while true {
            if let verdict = state.machine.verdict {
                await parts.observer.stop()
                for one in parts.preparations { await one.end() }
                return verdict
            }
            do {
                try await perform(state.machine.next, &state)
            } catch is CancellationError {
                try await abort(Self.interruption, &state)
                // What is left to do must not be cut off too.
                let rest = state
                return try await Task.detached {
                    var state = rest
                    return try await go(&state)
                }.value
            } catch let error as DrillError where error.code != .fileFailed && error.code != .logMalformed {
                try await abort(error.description, &state)
            }
        }
    }

    /// Whatever it was, staging does not stay broken. What fails here too is thrown: somebody has to look.
    private func abort(_ reason: String, _ state: inout State) async throws {
        guard state.machine.stop == nil else {
            throw DrillError(
                .helperFailed, "staging could not be brought back: \(reason)", subject: folder.path,
                hint: "bring it back by `lifeboat environment down` and `up`, then resume the drill for its verdict")
        }
        try state.add(.aborted(reason: reason))
    }
}

extension DrillRun {
    /// The log and the machine that is made of it.
    struct State: Sendable {
        private let lock: DrillLock
        private let log: LineLog<DrillRecord>
        private let clock: DrillClock
        private let watch: @Sendable (DrillRecord) -> Void
        var machine: DrillMachine
        var records: [DrillRecord]
        var view: ObserverView

        init(_ run: DrillRun) throws {
            lock = try DrillLock(run.folder)
            log = LineLog(run.folder.events)
            try log.mend()
            (clock, watch) = (run.parts.clock, run.watch)
            machine = DrillMachine(
                run.runbook, minimumBeatCount: run.scenario.beats.minimumCount,
                preparations: run.parts.preparations.map(\.what))
            records = try log.read()
            for record in records { machine.apply(record.event) }
            view = ObserverView(run.folder, probes: run.scenario.probes)
        }

        mutating func add(_ event: DrillEvent, at moment: Double? = nil) throws {
            let record = DrillRecord(at: moment ?? clock.uptime(), wall: clock.wall(), event: event)
            try log.append(record)
            records.append(record)
            machine.apply(event)
            watch(record)
        }

        /// What of the degraded service was told last, and when.
        struct DegradedMark: Sendable {
            /// What was told.
            enum Told: Sendable { case nothing, up, lost }
            var told: Told
            /// When; the detection where nothing was.
            var at: Double

            /// What is to be told next, and when that was; nil while nothing is. A single answer that fails is not told.
            func next(_ view: ObserverView, _ probes: [String]) -> (event: DrillEvent, at: Double)? {
                if told == .up { return view.lost(probes, since: at).map { (.degradedLost(probe: $0.probe), $0.at) } }
                guard let up = view.isUp(probes, asked: at), told == .nothing || up > at else { return nil }
                return (.degraded, max(up, at))
            }
        }

        /// Nil before the detection.
        var degradedMark: DegradedMark? {
            for record in records.reversed() {
                switch record.event {
                case .degraded: return DegradedMark(told: .up, at: record.at)
                case .degradedLost: return DegradedMark(told: .lost, at: record.at)
                case .detected: return DegradedMark(told: .nothing, at: record.at)
                default: continue
                }
            }
            return nil
        }

        /// Wall time of a moment that an event has, seconds since 1970: by the beginning, since an event may tell of what was before
        /// it was written.
        func wall(of isMeant: (DrillEvent) -> Bool) -> Double? {
            guard let first = records.first, let at = time(of: isMeant) else { return nil }
            return first.wall + at - first.at
        }

        /// When something happened for the first time.
        func time(of isMeant: (DrillEvent) -> Bool) -> Double? { records.first { isMeant($0.event) }?.at }
    }
}
