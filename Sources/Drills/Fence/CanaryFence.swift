import FoundationEssentials
import ObjectStore

/// Proves a fence: a canary listens from before anything begins until all has been looked at; every host tries to reach it, at the
/// beginning and at the end.
public struct CanaryFence: DrillPreparation, DrillExaminer {
    private let environment: DrillEnvironment
    private let folder: DrillFolder
    private let reach: any HostReach
    private let helper: HelperProcess?
    private let clock: DrillClock
    private let lane = BlockingLane(name: "canary-control", threadCount: 1)

    /// - Parameters:
    ///   - environment: whose hosts must have no way out, and where the canary is.
    ///   - folder: the drill's, with its environment in it.
    ///   - reach: how hosts are reached.
    ///   - program: `lifeboat`; the canary is started as `lifeboat drill canary FOLDER`.
    ///   - variables: the canary's whole environment.
    ///   - clock: the clocks.
    public init(
        _ environment: DrillEnvironment, in folder: DrillFolder, reach: any HostReach, program: String,
        variables: [String: String], clock: DrillClock = .system
    ) {
        self.environment = environment
        self.folder = folder
        self.reach = reach
        self.clock = clock
        helper = environment.canary.map { place in
            let outside = place.namespace.map { ["nsenter", "--net=/run/netns/\($0)", "--"] } ?? []
            return HelperProcess(
                name: "canary",
                words: outside + [program, "drill", "canary", folder.path, "--address", place.address]
                    + place.ports.flatMap { ["--port", "\($0)"] }, variables: variables,
                folder: folder.path, claim: folder.canaryProcess, messages: folder.canaryMessages)
        }
    }

    public var what: String { "fence" }
    public var changesStaging: Bool { false }

    /// Starts the canary, and tries.
    public func prepare() async throws -> DrillPrepared {
        // A runner that died while it did this has left its tries.
        try? FileManager.default.removeItem(atPath: folder.fence)
        return DrillPrepared([DrillProof("fence", try await look(isEnd: false))])
    }

    /// Starts the canary again when it is gone; the gap is in its log.
    public func resume() async throws { try await start() }

    /// Tries again, and says what all of the logs say.
    public func examine() async -> [(what: String, failure: String?)] {
        do {
            return [("fence", try await look(isEnd: true))]
        } catch {
            return [("fence", VerdictReasons.unprovenMark + "\(error)")]
        }
    }

    public func end() async {
        guard let helper else { return }
        await lane.run { helper.stop() }
    }

    private func start() async throws {
        guard let helper else { return }
        _ = try await lane.run { () throws in try helper.start() }
    }

    private func look(isEnd: Bool) async throws -> String? {
        if let reason = impossible { return VerdictReasons.unprovenMark + reason }
        guard let place = environment.canary else { return nil }
        if !isEnd { try await start() }
        let tries = FenceTries(environment: environment, place: place, reach: reach, folder: folder, clock: clock)
        try await tries.round()
        return FenceFinding(
            heard: try LineLog<CanaryRecord>(folder.canary).read(), tries: try LineLog<FenceTry>(folder.fence).read(),
            hosts: environment.hosts.map(\.name), isEnd: isEnd
        ).failure
    }

    /// Why nothing can be proven here at all.
    private var impossible: String? {
        guard let place = environment.canary else { return "the environment has no `canary`" }
        if environment.driver == .local { return "with the driver `local` nothing keeps a process in" }
        if place.address.hasPrefix("127.") || place.address == "0.0.0.0" {
            return "\(place.address) is another machine for every host: a canary needs an address that hosts could mean"
        }
        return nil
    }
}
