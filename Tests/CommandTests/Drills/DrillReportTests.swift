import Drills
import FoundationEssentials
import Runbooks
import TestSupport
import Testing

@Suite("drill report")
struct DrillReportTests {
    /// The folder of a drill that broke nothing, below the state folder of a workplace.
    private func drill(_ place: Workplace) throws -> DrillFolder {
        let path = place.path("state") + "/drills/D-1"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let folder = DrillFolder(path)
        try Data((ObserverProcessTests.beginning + "\n").utf8).write(to: URL(filePath: folder.events))
        let scenario = PretendService(folder: path, port: 1).scenario
        let environment = "environment: t\ndriver: local\nhosts: {}\nup: x\ndown: x\nclear: x\n"
        let judge = DrillJudge(
            folder, try Scenario(text: scenario, file: "D.yaml"),
            try DrillEnvironment(text: environment, file: "t.yaml"),
            try Runbook(text: SmallRunbook.text(), file: "t.md"))
        #expect(try judge.verdict(try LineLog<DrillRecord>(folder.events).read()) == .inconclusive)
        return folder
    }

    @Test("it shows verdict, objectives and reasons, as text, as JSON, and as a page")
    func shows() async throws {
        let place = try Workplace()
        let folder = try drill(place)
        let text = await place.run("drill", "report", folder.path)
        #expect(text.status == 0 && text.output.contains("verdict: inconclusive: nothing was broken"), "\(text)")
        #expect(text.output.contains("rpo_database") && text.output.contains("guard_unproven"))
        let json = await place.run("drill", "report", folder.path, "--json")
        #expect(json.status == 0 && json.output.contains("\"verdict\" : \"inconclusive\""), "\(json)")
        let page = place.path("page.html")
        let html = await place.run("drill", "report", folder.path, "--html", page)
        #expect(html.status == 0)
        #expect(try String(contentsOf: URL(filePath: page), encoding: .utf8).contains("<svg"))
    }

    @Test("what a configuration of production protects is never staging's, nor is its repository")
    func production() async throws {
        let place = try await RunbookStage.place()
        let folders = ["uploads/inner", "repository/data", "elsewhere"]
        for (folder, wanted) in zip(folders, ["uploads", "repository", nil]) {
            try place.write("", to: folder + "/file")
            let environment = try place.write(
                """
                environment: t
                driver: local
                hosts: {app1: {data: [\(place.path(folder))]}}
                up: "mkdir -p \(place.path("env")) && touch \(place.path("env"))/environment.env"
                down: "true"
                clear: "true"
                production: {configurations: [\(place.path("lifeboat.yaml")), /nowhere/lifeboat.yaml]}

                """, to: "environment.yaml")
            let up = await place.run("environment", "up", environment, "--dir", place.path("env"))
            #expect(up.status == (wanted == nil ? 0 : 1), "\(folder): \(up)")
            if let wanted {
                #expect(up.output.contains("is a folder of production: \(place.path(wanted))"), "\(up)")
            }
        }
    }

    @Test("a drill without a report, and two forms at once, are told")
    func refuses() async throws {
        let place = try Workplace()
        let none = await place.run("drill", "report", place.path("none") + "/D-2")
        #expect(none.status == 1 && none.messages.contains("there is no report") && none.messages.contains("hint:"))
        let paper = await place.run("drill", "report", "D-1", "--json", "--pdf", "x")
        #expect(paper.status == 64)
        let both = await place.run("drill", "report", "D-1", "--json", "--html", "x")
        #expect(both.status == 64)
    }
}
