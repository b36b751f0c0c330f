import FoundationEssentials
import Settings

extension Observer {
    /// The observer of the drill in `folder`, for this process alone.
    ///
    /// - Throws: `DrillError`: `isRunning` when another process observes it; `fileFailed`. `SettingsError` of the scenario.
    public init(of folder: DrillFolder, variables: [String: String]) throws {
        guard let bytes = FileManager.default.contents(atPath: folder.scenario) else {
            throw DrillError(.fileFailed, "there is no scenario to observe", subject: folder.scenario)
        }
        let scenario = try Scenario(text: String(decoding: bytes, as: UTF8.self), file: folder.scenario)
        let records = try LineLog<DrillRecord>(folder.events).read()
        guard case .began(let beginning)? = records.first?.event else {
            throw DrillError(.logMalformed, "does not say how the drill began", subject: folder.events)
        }
        try ProcessClaim.claim(folder.observerProcess, "observer", of: folder)
        self.init(scenario, in: folder, drill: beginning.id, seed: beginning.seed, variables: variables)
    }
}
