import ArgumentParser
import Catalog
import Drills

struct DrillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "drill",
        abstract: "Rehearse disasters, and see what was achieved.",
        discussion: """
            A drill breaks staging on purpose, follows the runbook, and measures from outside what was lost and how long it took. \
            What it found is an event of the ledger; these commands read the catalog that is made of them.

              lifeboat environment up local
              lifeboat drill run D --environment local
              lifeboat drill report D-20261121T083000Z --html report.html
              lifeboat drill list --scenario D
              lifeboat drill show latest
              lifeboat drill compare D-20261021T083000Z latest
              lifeboat drill remind
            """,
        subcommands: [
            DrillRunCommand.self, DrillReportCommand.self, DrillListCommand.self, DrillShowCommand.self,
            DrillCompareCommand.self, DrillRemindCommand.self,
            DrillObserveCommand.self, DrillCanaryCommand.self,
        ])
}

/// For commands that read the catalog.
struct CatalogOptions: ParsableArguments {
    @Flag(help: "Do not bring the catalog up to date first; needs no store.") var offline = false
}

/// Numbers of drills as people read them.
enum DrillText {
    /// `0.5 s`, `95 s` below a minute and a half, then `1:35`; `-` for nil.
    static func seconds(_ value: Double?) -> String {
        guard let value, value.isFinite, abs(value) < 1e9 else { return "-" }
        return value < 90 ? "\(Units.decimal(value, value < 10 ? 1 : 0)) s" : Units.clock(.seconds(value.rounded()))
    }

    /// `1:35 of 1:00:00`; only what is known.
    static func achieved(_ value: Double?, of objective: Double?) -> String {
        guard let objective else { return seconds(value) }
        return "\(seconds(value)) of \(seconds(objective))"
    }

    /// `pass at 62 % of size` where less than half of production's data was there.
    static func verdict(_ test: DisasterRecoveryTest) -> String {
        guard test.verdict == Verdict.pass.rawValue, let scale = test.scalePercent, scale < 50 else {
            return test.verdict
        }
        return "pass at \(Units.decimal(scale, 0)) % of size"
    }
}
