import DataSources
import Glibc
import ObjectStore

/// Looks at a service from outside while a drill breaks it: asks probes, writes beats, and later looks for every beat that was
/// acknowledged. All that it sees goes into its log, and nothing of it anywhere else.
///
/// Probes, beats and the clock are tasks of their own: what is slow to answer keeps nobody else waiting.
public struct Observer: Sendable {
    let scenario: Scenario
    let drill: String
    let seed: UInt64
    let variables: [String: String]
    let log: ObserverLog
    let door = FrontDoor()
    let lane: BlockingLane

    /// - Parameters:
    ///   - scenario: what is asked, values filled in.
    ///   - folder: the drill's.
    ///   - drill: its name, a part of what beats hold.
    ///   - seed: what all that is random comes from.
    ///   - variables: what the scenario's workload gets to see.
    ///   - clock: the clocks.
    public init(
        _ scenario: Scenario, in folder: DrillFolder, drill: String, seed: UInt64, variables: [String: String] = [:],
        clock: DrillClock = .system
    ) {
        self.scenario = scenario
        self.drill = drill
        self.seed = seed
        self.variables = variables
        log = ObserverLog(folder, clock)
        // Each question of DNS holds a thread until it is answered.
        lane = BlockingLane(name: "observer-dns", threadCount: min(max(scenario.probes.count, 1), 64))
    }

    /// Observes until the task is cancelled.
    ///
    /// - Throws: `DrillError` when its log cannot be written: nothing is worth more than that.
    public func run() async throws {
        let number = try await log.begin()
        try await log.write([.began(at: log.now, process: getpid())], isSynced: true)
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await tick() }
                for probe in scenario.probes { group.addTask { try await ask(probe) } }
                group.addTask { try await beat(from: number) }
                if let workload = scenario.workload { group.addTask { try await work(workload) } }
                while try await group.next() != nil {}
            }
        } catch is CancellationError {}
        try await log.end()
    }

    private func tick() async throws {
        var schedule = Schedule(every: .seconds(1))
        while true {
            try await log.write([.clock(at: log.now, wall: log.wall)])
            try await schedule.next()
        }
    }

    private func ask(_ probe: Probe) async throws {
        var schedule = Schedule(every: probe.every)
        // Its own, so that a probe never waits for beats.
        var session: [String: String]?
        while true {
            let began = log.now
            let reason = await answer(to: probe, &session)
            try Task.checkCancellation()
            let now = log.now
            try await log.write([
                .probe(name: probe.name, at: now, seconds: now - began, isGood: reason == nil, reason: reason)
            ])
            try await schedule.next()
        }
    }

    /// Why the answer is not right; nil when it is.
    private func answer(to probe: Probe, _ session: inout [String: String]?) async -> String? {
        switch probe.question {
        case .http(let request):
            let signIn = probe.signIn.isEmpty ? scenario.beats.signIn : probe.signIn
            guard Self.wantsSession(request, signIn) else {
                return await door.send(request, RequestValues(["drill": drill]), timeout: probe.timeout).reason
            }
            return await answer(to: request, signIn, within: probe.timeout, &session)
        case .dns(let name, let server, let addresses):
            return await lane.run { Self.answer(of: server, for: name, addresses, probe.timeout) }
        }
    }

    /// Does a request name what signing in captures?
    private static func wantsSession(_ request: FrontDoorRequest, _ signIn: [FrontDoorRequest]) -> Bool {
        let texts = [request.url, request.body ?? ""] + request.headers.values
        return signIn.flatMap(\.captures.keys).contains { name in
            texts.contains { $0.contains("{\(name)}") }
        }
    }

    /// As somebody who is signed in; whoever is not known any more signs in again, and that is a part of the answer.
    private func answer(
        to request: FrontDoorRequest, _ signIn: [FrontDoorRequest], within timeout: Duration,
        _ session: inout [String: String]?
    ) async -> String? {
        let end = ContinuousClock.now + timeout
        let values = RequestValues(["drill": drill])
        if let known = session {
            let outcome = await door.send(request, values.adding(known), timeout: timeout)
            guard outcome.isStranger else { return outcome.reason }
        }
        session = nil
        let signedIn = await door.send(signIn, values, timeout: end - .now)
        guard case .right(let known) = signedIn else { return "signing in: \(signedIn.reason ?? "")" }
        session = known
        return await door.send(request, values.adding(known), timeout: end - .now).reason
    }

    private static func answer(
        of server: String, for name: String, _ addresses: [String], _ timeout: Duration
    ) -> String? {
        do throws(DNSMessage.Refusal) {
            let found = try DNSClient.addresses(of: name, at: server, timeout: timeout)
            if found.isEmpty { return "there is no address" }
            let wrong = found.filter { !addresses.contains($0) }
            return wrong.isEmpty ? nil : "the address is \(wrong.joined(separator: ", "))"
        } catch {
            return error.message
        }
    }

    /// Keeps the scenario's workload running; when it ends it is begun again.
    private func work(_ text: String) async throws {
        var schedule = Schedule(every: .seconds(1))
        while true {
            let command = ToolCommand("/bin/sh", ["-c", text], variables: variables)
            // How it fares is nobody's concern: the service may be down.
            _ = try? await command.stream { output in
                let lane = BlockingLane(name: "workload", threadCount: 1)
                try await lane.run { () throws in while try !output.read(upTo: 1 << 16).isEmpty {} }
            }
            try await schedule.next()
        }
    }
}

/// Moments at the same distance from each other. Those that were missed are left out.
struct Schedule {
    private let every: Duration
    private var moment = ContinuousClock.now

    init(every: Duration) { self.every = every }

    mutating func next() async throws {
        moment += every
        if moment < .now { moment = .now }
        try await Task.sleep(until: moment, clock: .continuous)
    }
}
