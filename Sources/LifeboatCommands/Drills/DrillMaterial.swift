import Drills
import FoundationEssentials
import Glibc
import Runbooks
import Sealing

/// The files that a drill is made of, read and checked against each other, and kept in its folder as they were.
struct DrillMaterial {
    let access: EnvironmentAccess
    let environment: DrillEnvironment
    let scenario: Scenario
    let runbook: Runbook
    /// SHA-256 of scenario, environment and runbook as they are written, before values are filled in, hexadecimal.
    let planDigest: String
    private let texts: [(path: KeyPath<DrillFolder, String>, text: String)]

    /// Reads them: from `scenarios` by the scenario's name or file, or from the folder of a drill that was begun.
    ///
    /// - Throws: `SettingsError`, `RunbookError`, `CommandError`.
    init(scenario name: String, access: EnvironmentAccess, in folder: DrillFolder? = nil) throws {
        self.access = access
        let environmentFile = folder?.environment ?? access.file
        let environmentSource =
            try folder.map { try Self.read($0.environment, called: "environment") } ?? access.source()
        // Names that are wrong are told before anything of what the files say.
        let scenarioFile = try folder?.scenario ?? Self.file(of: name, access.options.scenarios)
        let scenarioSource = try Self.read(scenarioFile, called: "scenario")
        let environmentText = try access.fill(environmentSource, environmentFile)
        environment = try ProductionConfigurations(context: access.context).added(
            to: try DrillEnvironment(text: environmentText, file: environmentFile))
        let scenarioText = try access.fill(scenarioSource, scenarioFile)
        scenario = try Scenario(text: scenarioText, file: scenarioFile)
        let runbookFile = folder?.runbook ?? access.project + "/" + scenario.runbook
        let runbookText = try Self.read(runbookFile, called: "runbook")
        runbook = try Runbook(text: runbookText, file: runbookFile)
        planDigest =
            SHA256.digest(Array([scenarioSource, environmentSource, runbookText].joined(separator: "\0").utf8)).hex
        texts = [
            (\.scenario, scenarioText), (\.environment, environmentText), (\.runbook, runbookText),
        ]
    }

    private static func read(_ file: String, called name: String) throws -> String {
        try TextFile.read(file, called: name, hint: EnvironmentAccess.hint)
    }

    /// `D`, `D-database-corruption`, or a path.
    private static func file(of name: String, _ folder: String) throws -> String {
        if name.contains("/") || name.hasSuffix(".yaml") { return name }
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let found = files.filter { $0 == name + ".yaml" || $0.hasPrefix(name + "-") && $0.hasSuffix(".yaml") }
        guard found.count == 1, let file = found.first else {
            throw CommandError(
                .invalidArgument,
                found.isEmpty ? "there is no scenario `\(name)`" : "several scenarios are called `\(name)`",
                subject: folder,
                hint: "there are: \(files.filter { $0.hasSuffix(".yaml") }.sorted().joined(separator: ", "))")
        }
        return folder + "/" + file
    }

    /// What is wrong with the runbook in this environment.
    func problems(today: String) -> [RunbookProblem] {
        RunbookCheck(
            hosts: Set(environment.hosts.map(\.name)), variables: Set(environment.variables.keys), today: today
        ).problems(of: runbook)
    }

    /// Keeps them in the drill's folder, readable by us alone: values may be passwords of staging.
    func keep(in folder: DrillFolder) throws {
        try FileManager.default.createDirectory(
            atPath: folder.path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        for (path, text) in texts {
            let file = folder[keyPath: path]
            guard
                FileManager.default.createFile(
                    atPath: file, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
            else { throw CommandError(.fileUnusable, "cannot be made: \(systemMessage(errno))", subject: file) }
        }
    }
}
