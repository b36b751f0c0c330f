import ArgumentParser
import Configuration
import DataSources
import Recovery
import Retention
import Trees

struct RetentionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retention", abstract: "Say which recovery points stay, and remove the others.",
        discussion: """
            Each plan's `keep:` says what stays; 30 days by default. Whole points are counted apart from failed ones, so failed \
            nights push out nothing that can be restored. A point and its snapshots go together, and so does the log of databases that no point needs any more; \
            `lifeboat prune` frees the space.

              lifeboat retention simulate
              lifeboat retention apply --plan nightly
            """, subcommands: [RetentionSimulateCommand.self, RetentionApplyCommand.self])

    /// The decisions for one plan, or all.
    static func decide(_ opened: RecoveryAccess.Opened, _ plan: String?, _ list: PointList, _ now: Timestamp) throws
        -> [PointRetention]
    {
        let plans = try plan.map { [try opened.plan($0)] } ?? opened.configuration.plans
        return plans.map { PointRetention(plan: $0.name, keep: $0.keep, entries: list.entries, now: now) }
    }

    /// Sources that have a journal, or had one.
    static func journals(_ opened: RecoveryAccess.Opened) -> [ProtectedSource] {
        opened.configuration.sources.filter { [.mariadb, .postgresql].contains($0.kind) }
    }
}

struct RetentionSimulateCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "simulate", abstract: "Print which points would stay and why; change nothing.")

    @Option(help: ArgumentHelp("Only this plan.", valueName: "name")) var plan: String?
    @Option(help: ArgumentHelp("As if it were then: 2026-12-24T03:00:00Z (default: now).", valueName: "time"))
    var at: TimeArgument?
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let access = RecoveryAccess(context: context, options: global)
        let opened = try await access.open(plan: plan)
        let list = try await PointStore(opened.recovery.repository).list()
        let retentions = try RetentionCommand.decide(opened, plan, list, at?.value ?? context.now())
        let gone = Set(retentions.flatMap(\.removed).map(\.point.id))
        let left = list.entries.filter { !gone.contains($0.point.id) }
        var journals = [JournalRetention.Trimmed]()
        if list.damaged.isEmpty {
            for source in RetentionCommand.journals(opened) {
                journals += try await JournalRetention(source, in: opened.recovery).simulate(left)
            }
        }
        try context.output.report(
            RetentionReport(retentions, hasRemoved: false, orphans: list.orphans.count, journals), global)
        return .done
    }
}

struct RetentionApplyCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Remove the points that no rule wants, with their snapshots.")

    @Option(help: ArgumentHelp("Only this plan.", valueName: "name")) var plan: String?
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let access = RecoveryAccess(context: context, options: global)
        let opened = try await access.open(plan: plan)
        var retentions = [PointRetention]()
        let gone = try await opened.recovery.forget { list in
            retentions = try RetentionCommand.decide(opened, plan, list, context.now())
            return retentions
        }
        var journals = [JournalRetention.Trimmed]()
        for source in RetentionCommand.journals(opened) {
            journals += try await JournalRetention(source, in: opened.recovery).apply()
        }
        try context.output.report(
            RetentionReport(retentions, hasRemoved: true, orphans: gone.orphans, journals), global)
        return .done
    }
}

private struct RetentionReport: Report {
    struct Row: Encodable {
        let plan: String
        let point: String
        let time: String
        let state: String
        let isKept: Bool
        let reasons: [String]

        enum CodingKeys: String, CodingKey {
            case plan, point, time, state, reasons
            case isKept = "is_kept"
        }
    }

    let points: [Row]
    let hasRemoved: Bool
    let orphans: Int
    let journals: [JournalRetention.Trimmed]

    enum CodingKeys: String, CodingKey {
        case points, orphans, journals
        case hasRemoved = "has_removed"
    }

    init(_ retentions: [PointRetention], hasRemoved: Bool, orphans: Int, _ journals: [JournalRetention.Trimmed]) {
        points = retentions.flatMap { retention in
            retention.decisions.map { decision in
                Row(
                    plan: retention.plan, point: decision.entry.point.id, time: decision.entry.point.started,
                    state: PointRow(decision.entry).stateText, isKept: decision.isKept, reasons: decision.reasons)
            }
        }
        self.hasRemoved = hasRemoved
        self.orphans = orphans
        self.journals = journals
    }

    var lines: [String] {
        var table = TextTable(["Point", "Time", "Plan", "State", "Stays", "Why"])
        for row in points {
            let stays = row.isKept ? "yes" : hasRemoved ? "removed" : "no"
            table.add([
                String(row.point.prefix(8)), row.time.prefix(19) + "Z", row.plan, row.state, stays,
                row.reasons.joined(separator: ", "),
            ])
        }
        let gone = points.count { !$0.isKept }
        var lines = points.isEmpty ? ["no recovery points"] : table.lines
        lines.append(
            "\(points.count - gone) of \(Units.count(points.count, "point")) "
                + (hasRemoved ? "stayed, \(gone) removed" : "would stay, \(gone) would go"))
        if orphans > 0 {
            lines.append(
                "\(Units.count(orphans, "snapshot")) of runs that ended in the middle "
                    + (hasRemoved ? "removed" : "would go"))
        }
        return lines + journals.map(line)
    }

    private func line(_ journal: JournalRetention.Trimmed) -> String {
        "journal of \(journal.source), timeline \(journal.timeline): "
            + "\(Units.count(journal.objectCount, "segment")) and \(Units.count(journal.snapshotCount, "snapshot")) that no point needs "
            + (hasRemoved ? "removed" : "would go")
    }
}
