import FoundationEssentials
import Settings
import Testing

@testable import Drills

/// What editors are given, and what is read, are one: the schema is made of the very declarations that read the file.
@Suite("Schemas and files of scenarios")
struct SchemaFileTests {
    private static let folder =
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path(percentEncoded: false) + "/scenarios"

    private static func text(_ name: String) throws -> String {
        try String(contentsOf: URL(filePath: "\(folder)/\(name)"), encoding: .utf8)
    }

    private static func files(in folder: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: Self.folder + folder)) ?? []
        return names.filter { $0.hasSuffix(".yaml") }.sorted().map { folder + "/" + $0 }
    }

    @Test(
        "the schema that is stored is the one of what is read",
        arguments: [("environment.schema.json", false), ("scenario.schema.json", true)])
    func stored(file: String, isScenario: Bool) throws {
        let schema = (isScenario ? Scenario.schema : DrillEnvironment.schema).json(isIndented: true)
        let option = isScenario ? " --scenario" : ""
        #expect(
            try Self.text(file) == schema + "\n",
            "`lifeboat environment schema\(option) > scenarios/\(file)` accepts the new one")
    }

    @Test("every scenario is read", arguments: files(in: ""))
    func scenarios(file: String) throws {
        let text = try EnvironmentValues().fill(try Self.text(file), isLenient: true)
        let scenario = try Scenario(text: text, file: file)
        #expect(!scenario.faults.isEmpty)
    }

    @Test("so is every environment", arguments: files(in: "/environments"))
    func environments(file: String) throws {
        let environment = try DrillEnvironment(
            text: try EnvironmentValues().fill(try Self.text(file), isLenient: true), file: file)
        #expect(file == "/environments/\(environment.name).yaml" && environment.bandwidth == nil)
        #expect(Set(environment.faultCommands.keys).isSuperset(of: [.killHost, .staleDNS]))
    }
}
