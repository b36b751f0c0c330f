import ArgumentParser
import Catalog
import Drills

struct DrillRemindCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "remind", abstract: "Say which drills are due, and which passed when.",
        discussion: """
            Attended drills take turns, a scenario a quarter; one scenario is drilled unattended every month. A pass serves until the \
            end of the scenario's next turn; what never passed is overdue. Ends with 1 when something is overdue.
            """)

    @Option(help: ArgumentHelp("Scenarios whose turn it is in the first quarter, the second, …", valueName: "list"))
    var attended = "A,B,C,D"
    @Option(help: ArgumentHelp("Scenario of every month; `none` for none.", valueName: "name")) var monthly = "D"
    @OptionGroup var catalog: CatalogOptions
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let opened = try await CatalogAccess(context: context, options: global).open(offline: catalog.offline)
        let calendar = DrillCalendar(
            attended: attended.split(separator: ",").map(String.init), monthly: monthly == "none" ? nil : monthly)
        let entries = calendar.entries(at: context.now(), drills: try await opened.catalog.drills())
        try context.output.report(RemindReport(entries: entries), global)
        return entries.contains { $0.state == .overdue } ? .failed : .done
    }
}

private struct RemindReport: Report {
    let entries: [DrillCalendar.Entry]

    func encode(to encoder: any Encoder) throws { try entries.encode(to: encoder) }

    var lines: [String] {
        var table = TextTable(["Scenario", "Who decides", "State", "Turn", "Last passed", "Age"], right: ["Age"])
        for entry in entries {
            table.add([
                entry.scenario, entry.isAttended ? "a person" : "nobody",
                entry.state == .overdue ? "OVERDUE" : entry.state.rawValue, entry.turn ?? "now",
                entry.lastPassed ?? "never", entry.ageDays.map { Units.count($0, "day") } ?? "",
            ])
        }
        let next = entries.filter { $0.state != .passed }.map { entry in
            "\(entry.state.rawValue): scenario \(entry.scenario), \(entry.isAttended ? "attended" : "unattended"): "
                + "lifeboat drill run \(entry.scenario)"
        }
        return table.lines + (next.isEmpty ? ["nothing is due"] : next)
    }
}
