import ArgumentParser
import Configuration
import Drills
import FoundationEssentials

struct DrillReportCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Show what a drill proved: objective against achieved, and why.",
        discussion: """
            Reads the report that the drill left in `drills/ID` of the state folder. --html writes it as one page with a timeline, \
            for people who were not there; --json prints all of it.

              lifeboat drill report D-20261121T083000Z
              lifeboat drill report D-20261121T083000Z --html report.html
            """)

    @Argument(help: ArgumentHelp("The drill, or its folder when there is a / in it.", valueName: "id")) var id: String
    @Option(help: ArgumentHelp("Write the page to this file.", valueName: "file"), completion: .file()) var html:
        String?
    @OptionGroup var global: GlobalOptions

    func validate() throws {
        if global.json, html != nil { throw ValidationError("--json and --html exclude each other") }
    }

    func run(in context: CommandContext) async throws -> ExitStatus {
        let report = try DrillReport(of: try await folder(context))
        if let html {
            do {
                try Data(DrillPage(report).html.utf8).write(to: URL(filePath: html), options: .atomic)
            } catch {
                throw CommandError(.fileUnusable, "the page cannot be written", subject: html, cause: error)
            }
            if !global.quiet { context.output.message("wrote \(html)") }
        } else if global.json {
            try context.output.write(Array(try report.json().utf8))
        } else if !global.quiet {
            for line in DrillReportText(report).lines { try context.output.print(line) }
        }
        return .done
    }

    private func folder(_ context: CommandContext) async throws -> DrillFolder {
        if id.contains("/") { return DrillFolder(id) }
        let configuration = try await ConfigurationAccess(context: context, options: global).load()
        return DrillFolder("\(configuration.state)/drills/\(id)")
    }
}

/// A report as lines for a terminal.
struct DrillReportText {
    let report: DrillReport

    init(_ report: DrillReport) { self.report = report }

    var lines: [String] {
        var lines = ["\(report.id)  \(report.scenario): \(report.title)", "verdict: \(report.headline)", ""]
        var table = TextTable(["", "objective", "achieved", ""])
        for row in report.objectives {
            let met = row.isMet.map { $0 ? "met" : "MISSED" } ?? "not known"
            table.add([
                row.name, DrillText.seconds(row.objectiveSeconds), DrillText.seconds(row.achievedSeconds), met,
            ])
        }
        lines += table.lines
        lines += report.reasons.map { "\($0.verdict.rawValue) \($0.code): \($0.message)" }
        if let choice = report.choice { lines.append(choice.message) }
        return lines
    }
}
