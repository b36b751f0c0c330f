import Drills

/// What became of an environment.
struct EnvironmentReport: Report {
    let name: String
    let driver: String
    let folder: String
    let isUp: Bool
    /// Why nothing of it may be broken; nil when all of it may.
    var refusal: String?
    /// What its own command said.
    var said: [String]

    enum CodingKeys: String, CodingKey {
        case name, driver, folder, refusal, said
        case isUp = "is_up"
    }

    init(
        _ environment: DrillEnvironment, in access: EnvironmentAccess, isUp: Bool, refusal: String? = nil,
        said: [String] = []
    ) {
        name = environment.name
        driver = environment.driver.rawValue
        folder = access.folder
        (self.isUp, self.refusal, self.said) = (isUp, refusal, said)
    }

    var lines: [String] {
        let state = isUp ? "up in \(folder)" : "down"
        return said + ["\(name) (\(driver)) is \(state)"]
            + (isUp
                ? [refusal.map { "may not be broken: \($0)" } ?? "may be broken: every host and folder has its word"]
                : [])
    }
}
