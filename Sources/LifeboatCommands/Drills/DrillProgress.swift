import Drills
import Synchronization

/// A drill as it goes on, for a terminal: a line for each thing that happens, with the clock since the fault.
final class DrillProgress: Sendable {
    private let output: CommandOutput
    private let scenario: Scenario
    private let isQuiet: Bool
    private let keepsStaging: Bool
    private let times = Mutex<(began: Double?, fault: Double?, isDegradedTold: Bool)>((nil, nil, false))

    init(_ output: CommandOutput, _ scenario: Scenario, isQuiet: Bool, keepsStaging: Bool) {
        self.output = output
        self.scenario = scenario
        self.isQuiet = isQuiet
        self.keepsStaging = keepsStaging
    }

    /// Takes in what happened before a drill was gone on with, without a word.
    func know(_ records: [DrillRecord]) {
        times.withLock { times in
            times.began = records.first?.at
            times.fault = records.first { if case .injecting = $0.event { true } else { false } }?.at
            times.isDegradedTold = records.contains { $0.event == .degraded }
        }
    }

    func show(_ record: DrillRecord) {
        guard !isQuiet else { return }
        let (began, fault, isAgain) = times.withLock { times in
            let isAgain = times.isDegradedTold
            times.isDegradedTold = isAgain || record.event == .degraded
            times.began = times.began ?? record.at
            if case .injecting = record.event { times.fault = times.fault ?? record.at }
            return (times.began ?? record.at, times.fault, isAgain)
        }
        guard let words = words(record.event, isAgain: isAgain) else { return }
        let clock =
            fault.map { "\(Self.clock(record.at - $0)) of \(Self.clock(scenario.objective.full.seconds))" }
            ?? "\(Self.clock(record.at - began)) before the fault"
        output.message("\(clock)  \(words)")
    }

    func end() { output.erase() }

    private static func clock(_ seconds: Double) -> String {
        let whole = Int(max(0, seconds))
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(whole / 3600):\(two(whole / 60 % 60)):\(two(whole % 60))"
    }

    private func words(_ event: DrillEvent, isAgain: Bool) -> String? {
        switch event {
        case .began(let beginning): "\(beginning.id) begins, seed \(beginning.seed)"
        case .resumed: "goes on where it was"
        case .guarded(let failure): failure.map { "REFUSED: \($0)" } ?? "every host and folder is the environment's own"
        case .preparing(let what): "\(what): is being made so"
        case .loaded(let point):
            "point \(point.point.prefix(8)) of production is in staging, masked with \(point.mask)"
        case .prepared: nil
        case .observing: "the observer writes and looks"
        case .steady(let count): "\(count) writes were acknowledged; the fault may come"
        case .injecting: "something breaks"
        case .injected: nil
        case .detected(let probe): "DETECTED by `\(probe)`"
        case .undetected: "nothing was noticed"
        case .declared(let who, _): "declared (\(who))"
        case .stepBegan(let id, let attempt): "step \(id)" + (attempt > 1 ? ", attempt \(attempt)" : "")
        case .stepEnded(let id, let outcome): outcome.failure.map { "step \(id) FAILED: \($0)" } ?? "step \(id) done"
        case .asked: nil
        case .decided(let id, let value, let who, _): "decided \(id): \(value) (\(who))"
        case .degraded: isAgain ? "DEGRADED service is up again" : "DEGRADED service is up"
        case .degradedLost(let probe): "DEGRADED service is lost again: `\(probe)` fails"
        // Told when the steps are over, with the moment at which the observer saw it.
        case .recovered: "RECOVERED, as the observer saw then"
        case .notRecovered: "the service did not come back"
        case .readBack(let count): "looked for \(count) acknowledged writes"
        case .proven(let what, let failure): failure.map { "\(what): DOES NOT HOLD: \($0)" } ?? "\(what): holds"
        case .examined, .restored: nil
        case .aborted(let reason): "ENDED: \(reason)"
        case .cleared: keepsStaging ? "staging stays as the drill left it" : "staging is as it was"
        case .ended(let verdict): "verdict: \(verdict.rawValue)"
        }
    }
}
