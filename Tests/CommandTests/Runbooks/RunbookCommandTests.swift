import FoundationEssentials
import Glibc
import TestSupport
import Testing

@Suite("Runbooks by the commands")
struct RunbookCommandTests {
    private struct Checked: Decodable {
        struct Problem: Decodable {
            let kind: String
            let line: Int
            let message: String
        }
        struct File: Decodable {
            let scenario: String?
            let problems: [Problem]
        }
        let runbooks: [File]
    }

    @Test("the runbooks of this tree are clean in an environment like staging, all six of them")
    func own() async throws {
        let place = try Workplace()
        let environment = try RunbookStage.environment(place)
        let outcome = await place.run(
            "runbook", "check", "--runbooks", RunbookStage.folder, "--environment", environment, "--values",
            place.path("values"), "--offline", "--json")
        let checked = try Checked.json(outcome.output)
        #expect(checked.runbooks.compactMap(\.scenario) == ["0", "A", "B", "C", "D", "E"])
        #expect(checked.runbooks.flatMap(\.problems).isEmpty && outcome.status == 0, "\(outcome)")
    }

    @Test("a variable that the environment does not give is found in all that want it")
    func variable() async throws {
        let place = try Workplace()
        let environment = try RunbookStage.environment(place, without: "SERVICE")
        let outcome = await place.run(
            "runbook", "check", "D", "--runbooks", RunbookStage.folder, "--environment", environment, "--values",
            place.path("values"), "--offline")
        #expect(
            outcome.status == 1 && outcome.output.contains("D-database-corruption.md:1: wants the variable `SERVICE`"))
        let unfilled = await place.run(
            "runbook", "check", "D", "--runbooks", RunbookStage.folder, "--environment", environment, "--offline")
        #expect(
            unfilled.status == 1 && unfilled.output.contains("wants the variable `SERVICE`"),
            "before it is up its values are not known, and what it lacks is found all the same: \(unfilled)")
    }

    @Test("shell text that no shell understands is told with its line")
    func shell() async throws {
        let place = try await RunbookStage.place()
        try place.write(
            RunbookStage.small.replacing("echo said\necho word", with: "echo said\nif true; then"),
            to: "runbooks/S-small.md")
        let outcome = await place.run("runbook", "check", "--offline", "--json")
        let problems = try Checked.json(outcome.output).runbooks.flatMap(\.problems)
        #expect(problems.map(\.kind) == ["shell_error"] && outcome.status == 1, "\(outcome)")
        // The block begins in line 21.
        #expect(problems.first.map { (22...25).contains($0.line) } == true, "\(problems)")
    }

    @Test("list and show read what there is, and say what cannot be read")
    func lists() async throws {
        let place = try await RunbookStage.place()
        let list = await place.run("runbook", "list")
        #expect(list.status == 0 && list.output.contains("S         Small  2h full"), "\(list)")
        let show = await place.run("runbook", "show", "s")
        #expect(show.output.contains("It is cloud.") && show.output.contains("on call: Anna, +49 30 1"))
        #expect(show.output.contains("STEP first, on operator, at most 1m\n    echo said"), "\(show)")
        try place.write("no front matter", to: "runbooks/T-torn.md")
        let torn = await place.run("runbook", "list")
        #expect(torn.status == 1 && torn.messages.contains("T-torn.md:1: has no front matter"), "\(torn)")
        let missing = await place.run("runbook", "show", "Q")
        #expect(missing.status == 64 && missing.messages.contains("there are: S"), "\(missing)")
    }

    @Test("a runbook is approved as it is; after an edit nobody has approved it; staging needs no approval")
    func approval() async throws {
        let place = try await RunbookStage.place()
        let before = await place.run("runbook", "check")
        #expect(before.status == 1 && before.output.contains("was never approved"), "\(before)")
        let own = await place.run("runbook", "approve", "S", "--author", "tester")
        #expect(own.status == 64 && own.messages.contains("who wrote it cannot approve it"), "\(own)")
        let approved = await place.run("runbook", "approve", "S", "--author", "anna", "--json")
        #expect(approved.status == 0 && !approved.output.contains("anna") && !approved.output.contains("tester"))
        let clean = await place.run("runbook", "check")
        #expect(clean.status == 0 && clean.output.contains("no problems, approved"), "\(clean)")
        try place.write(RunbookStage.small + "One more word.\n", to: "runbooks/S-small.md")
        let edited = await place.run("runbook", "check", "--json")
        #expect(edited.status == 1)
        #expect(try Checked.json(edited.output).runbooks.flatMap(\.problems).map(\.kind) == ["not_approved"])
        for (driver, status) in [("local", Int32(0)), ("ssh", 1)] {
            let environment = try RunbookStage.environment(place, driver: driver)
            // The small one wants a variable of its own.
            let text = try String(decoding: Data(contentsOf: URL(filePath: environment)), as: UTF8.self)
            try Data((text + "  - PLACE=/srv\n").utf8).write(to: URL(filePath: environment))
            let outcome = await place.run(
                "runbook", "check", "--environment", environment, "--values", place.path("values"))
            #expect(outcome.status == status, "\(driver): \(outcome)")
        }
    }

    @Test("what check refuses cannot be approved")
    func refused() async throws {
        let place = try await RunbookStage.place()
        try place.write(
            RunbookStage.small.replacing("2099-01-01", with: "2020-01-01"), to: "runbooks/S-small.md")
        let outcome = await place.run("runbook", "approve", "S")
        #expect(
            outcome.status == 1 && outcome.messages.contains("should have been read again by 2020-01-01"), "\(outcome)")
    }

    @Test("HTML is written with what the configuration fills in, and PDF without WeasyPrint is refused with the remedy")
    func html() async throws {
        let place = try await RunbookStage.place()
        let outcome = await place.run("runbook", "render", "S", "--html", place.path("S.html"))
        #expect(outcome.status == 0, "\(outcome)")
        let html = try place.read("S.html")
        #expect(html.contains("It is cloud.") && html.contains("<td>Anna</td>") && html.contains("id=\"step-second\""))
        place.set("PATH", place.path("nothing"))
        let without = await place.run("runbook", "render", "S", "--pdf", place.path("S.pdf"), "--offline")
        #expect(without.status == 1 && without.messages.contains("apt install weasyprint"), "\(without)")
        #expect(access(place.path("S.pdf"), F_OK) != 0)
    }

    static let hasWeasyPrint = getenv("CI") != nil || access("/usr/bin/weasyprint", X_OK) == 0

    @Test(
        "each runbook of this tree is a PDF of several pages",
        .enabled(if: hasWeasyPrint, "Tests/Support/install-packages runbooks"),
        arguments: ["0", "A", "B", "C", "D", "E"])
    func pdf(scenario: String) async throws {
        let place = try Workplace()
        let outcome = await place.run(
            "runbook", "render", scenario, "--runbooks", RunbookStage.folder, "--pdf", place.path("R.pdf"), "--offline")
        try #require(outcome.status == 0, "\(outcome)")
        let bytes = try Data(contentsOf: URL(filePath: place.path("R.pdf")))
        #expect(bytes.starts(with: Data("%PDF-".utf8)))
        let pages = String(decoding: bytes, as: UTF8.self).ranges(of: "/Type /Page\n").count
        #expect((4...20).contains(pages), "\(pages)")
    }
}
