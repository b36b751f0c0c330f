import ArgumentParser

struct DrillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drill",
        abstract: "Rehearse a disaster in staging, and measure what was lost and how long it took.",
        discussion: """
            A drill leaves its logs and its report below `drills` in the state folder of the configuration.

              lifeboat drill report D-20261121T083000Z
              lifeboat drill report D-20261121T083000Z --html report.html
            """, subcommands: [DrillReportCommand.self, DrillObserveCommand.self])
}
