import ArgumentParser
import DataSources
import Recovery
import Sealing
import Trees

struct PointsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "points", abstract: "List recovery points, look at one, pin one.",
        discussion: """
            A recovery point is what belongs together at one moment: the snapshots of a plan's sources and where the databases \
            stood. `lifeboat backup PLAN` makes one.

              lifeboat points
              lifeboat points show latest
              lifeboat points pin 1a2b3c4d --reason 'before the migration'
            """,
        subcommands: [PointsListCommand.self, PointsShowCommand.self, PointsPinCommand.self, PointsUnpinCommand.self],
        defaultSubcommand: PointsListCommand.self)
}

struct PointsListCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List recovery points, oldest first.")

    @Option(help: ArgumentHelp("Only those of this plan.", valueName: "name")) var plan: String?
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let access = RecoveryAccess(context: context, options: global)
        let opened = try await access.open(plan: plan)
        let list = try await PointStore(opened.recovery.repository).list()
        let entries = list.entries.filter { plan == nil || $0.point.plan == plan }
        try context.output.report(PointListReport(points: entries.map(PointRow.init)), global)
        for (name, error) in list.damaged {
            context.output.message("warning: \(name) cannot be read: \(ErrorReport(error).message)")
        }
        if !list.orphans.isEmpty {
            context.output.message(
                "note: \(Units.count(list.orphans.count, "snapshot")) of runs that ended in the middle; "
                    + "`lifeboat retention apply` removes them")
        }
        return list.damaged.isEmpty ? .done : .failed
    }
}

/// A point as lists show it.
struct PointRow: Encodable {
    let point: RecoveryPoint
    let state: String
    let isPinned: Bool
    let brokenSources: [String]

    enum CodingKeys: String, CodingKey {
        case state, skewSeconds = "skew_seconds"
        case isPinned = "is_pinned"
        case brokenSources = "broken_sources"
    }

    init(_ entry: PointEntry) {
        point = entry.point
        state = entry.state
        isPinned = entry.isPinned
        brokenSources = entry.brokenSources
    }

    func encode(to encoder: any Encoder) throws {
        try point.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(state, forKey: .state)
        try container.encode(isPinned, forKey: .isPinned)
        try container.encode(brokenSources, forKey: .brokenSources)
        try container.encode(point.skew.map { $0 / .seconds(1) }, forKey: .skewSeconds)
    }

    /// `broken: db`, `failed: uploads`, `whole, pinned`.
    var stateText: String {
        let names = state == "broken" ? brokenSources : state == "failed" ? point.failed.map(\.source) : []
        return state + (names.isEmpty ? "" : ": " + names.joined(separator: ", ")) + (isPinned ? ", pinned" : "")
    }
}

private struct PointListReport: Report {
    let points: [PointRow]

    func encode(to encoder: any Encoder) throws { try points.encode(to: encoder) }

    var lines: [String] {
        if points.isEmpty { return ["no recovery points yet; `lifeboat backup PLAN` makes one"] }
        var table = TextTable(["ID", "Time", "Plan", "State", "Sources", "Size", "Stored"], right: ["Size", "Stored"])
        for row in points {
            let parts = row.point.parts
            table.add([
                String(row.point.id.prefix(8)), Units.localTime(row.point.moment), row.point.plan, row.stateText,
                parts.map(\.source).joined(separator: ", "), Units.bytes(parts.reduce(0) { $0 + $1.byteCount }),
                Units.bytes(parts.reduce(0) { $0 + $1.addedByteCount }),
            ])
        }
        return table.lines + [Units.count(points.count, "point")]
    }
}

struct PointsShowCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show a recovery point: its sources, positions and snapshots.")

    @Argument(help: ArgumentHelp("ID, the beginning of one, or `latest`.", valueName: "point")) var point = "latest"
    @Flag(help: "Print the configuration that it was made by, and nothing else.") var showConfiguration = false
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let access = RecoveryAccess(context: context, options: global)
        let opened = try await access.open()
        let entry = try await PointStore(opened.recovery.repository).find(point)
        if showConfiguration {
            try context.output.write(Array(entry.point.configuration.text.utf8))
            return .done
        }
        let pins = try await ContentPins.read(entry.point.id, from: opened.recovery.repository)
        try context.output.report(PointDetail(row: PointRow(entry), pins: pins), global)
        return entry.state == "whole" ? .done : .failedSource
    }
}

private struct PointDetail: Report {
    let row: PointRow
    let pins: ContentPins?

    func encode(to encoder: any Encoder) throws { try row.encode(to: encoder) }

    var lines: [String] {
        let point = row.point
        var lines = [
            "point:    \(point.id)", "plan:     \(point.plan) of \(point.service), made by \(point.node)",
            "time:     \(Units.milliseconds(point.started)) to \(Units.milliseconds(point.ended))",
            "state:    \(row.stateText)",
        ]
        if let skew = point.skew {
            lines.append("skew:     \(Units.decimal(skew / .seconds(1), 1)) s between its moments")
        }
        for part in point.parts {
            lines += ["", PointReport.line(part)]
            guard let reading = part.reading, let snapshot = part.snapshot else { continue }
            lines.append(
                "  \(part.kind.rawValue), \(reading.method), \(Units.milliseconds(reading.consistentFrom)) to "
                    + Units.milliseconds(reading.consistentTo))
            if let position = reading.position { lines.append("  position: \(PointDetail.text(position))") }
            if let version = reading.serverVersion { lines.append("  server:   \(version)") }
            lines.append("  snapshot: \(snapshot.id.prefix(8))")
            if let pinned = pins?.sources[part.source] {
                let left = pinned.leftOut.isEmpty ? "" : ", \(pinned.leftOut.count) left out"
                lines.append("  pins:     \(Units.count(pinned.pins.count, "table"))\(left)")
            }
        }
        return lines
    }

    private static func text(_ position: SourcePositionText.Position) -> String { SourcePositionText.line(position) }
}

struct PointsPinCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "pin", abstract: "Keep a recovery point whatever the retention policy says.")

    @Argument(help: ArgumentHelp("ID, the beginning of one, or `latest`.", valueName: "point")) var point: String
    @Option(help: ArgumentHelp("Why, for whoever finds it later.", valueName: "text")) var reason = ""
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        try await PointsPinCommand.set(point, true, reason, global, context)
    }

    static func set(
        _ text: String, _ isPinned: Bool, _ reason: String, _ global: GlobalOptions,
        _ context: CommandContext
    ) async throws -> ExitStatus {
        let access = RecoveryAccess(context: context, options: global)
        let opened = try await access.open()
        let store = PointStore(opened.recovery.repository)
        let entry = try await store.find(text)
        try await store.setPinned(entry.point.id, isPinned, reason: reason, now: context.now())
        try context.output.report(PinReport(point: entry.point.id, isPinned: isPinned), global)
        return .done
    }
}

struct PointsUnpinCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "unpin", abstract: "Leave a recovery point to the retention policy again.")

    @Argument(help: ArgumentHelp("ID, or the beginning of one.", valueName: "point")) var point: String
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        try await PointsPinCommand.set(point, false, "", global, context)
    }
}

private struct PinReport: Report {
    let point: String
    let isPinned: Bool

    enum CodingKeys: String, CodingKey {
        case point
        case isPinned = "is_pinned"
    }

    var lines: [String] { ["point \(point) is \(isPinned ? "pinned" : "not pinned any more")"] }
}
