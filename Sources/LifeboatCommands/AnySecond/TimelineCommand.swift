import ArgumentParser
import Configuration
import DataSources
import Journal
import Recovery

struct TimelineCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "timeline", abstract: "Show which moments of a database can be restored.",
        discussion: """
            Every restore in place begins another timeline. For each of them: from when to when every second can be restored, \
            what is missing, and the points that a restore can begin with.

              lifeboat timeline app-db
            """)

    @Argument(help: ArgumentHelp("Only this source (default: all databases).", valueName: "source"))
    var source: String?
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        let opened = try await RecoveryAccess(context: context, options: global).open()
        let sources =
            try source.map { [try opened.source($0)] }
            ?? opened.configuration.sources.filter { [.mariadb, .postgresql].contains($0.kind) }
        var histories = [HistoryReport]()
        for source in sources {
            histories.append(HistoryReport(try await AnySecond.read(source, in: opened.recovery)))
        }
        try context.output.report(TimelineReport(sources: histories), global)
        return .done
    }
}

private struct TimelineReport: Report {
    let sources: [HistoryReport]

    var lines: [String] { sources.flatMap(\.lines) }
}

/// The timelines of one source.
struct HistoryReport: Encodable {
    struct Line: Encodable {
        let record: TimelineRecord
        let isLive: Bool
        let ranges: [ReachableRange]
        let gaps: [String]

        enum CodingKeys: String, CodingKey {
            case record, ranges, gaps
            case isLive = "is_live"
        }
    }

    let source: String
    let timelines: [Line]

    init(_ known: AnySecond) {
        source = known.source.name
        let planner = known.planner
        timelines = known.coverages.map { coverage in
            let number = coverage.timeline.timeline
            return Line(
                record: coverage.timeline, isLive: number == planner.live,
                ranges: planner.ranges(on: number).filter { $0.to.timeline == number },
                gaps: coverage.gaps.map(\.reason))
        }
    }

    var lines: [String] {
        guard !timelines.isEmpty else {
            return ["\(source): no journal; its recovery points can be restored, and nothing between them"]
        }
        let roots = timelines.filter { line in !timelines.contains { $0.record.timeline == line.record.parent } }
        return [source] + roots.flatMap { lines(of: $0, depth: 1) }
    }

    private func lines(of line: Line, depth: Int) -> [String] {
        let indent = String(repeating: "  ", count: depth)
        var lines = [indent + title(of: line)]
        lines += line.ranges.flatMap { self.lines(of: $0) }.map { indent + "  " + $0 }
        if line.ranges.isEmpty {
            lines.append(indent + "  nothing of its own can be restored: no base, or no log behind one")
        }
        lines += line.gaps.map { indent + "  missing: \($0)" }
        let children = timelines.filter { $0.record.parent == line.record.timeline }
        // Records name an older parent only, so this ends.
        return lines
            + children.filter { $0.record.timeline > line.record.timeline }.flatMap {
                self.lines(of: $0, depth: depth + 1)
            }
    }

    private func title(of line: Line) -> String {
        let record = line.record
        let why =
            switch record.reason {
            case .first: "the journal's first"
            case .rewind: "restored in place"
            case .serverBehind: "the server was found behind the journal"
            case .serverDifferent: "the server was found to be another one"
            }
        let branch = record.branch.map {
            ", left timeline \(record.parent ?? 0) at \(record.branchPosition ?? "") (\($0.file):\($0.offset))"
        }
        let undone = record.undone.map { "; undone \(zoned($0))" } ?? ""
        return
            "timeline \(record.timeline)\(line.isLive ? ", live" : "") since \(zoned(record.created)): \(why)\(branch ?? "")\(undone)"
    }

    private func lines(of range: ReachableRange) -> [String] {
        let points = range.points.map { String($0.prefix(8)) }.joined(separator: ", ")
        guard range.from != range.to else { return ["only \(range.from.words), point \(points)"] }
        return [
            "every second from \(range.from.words) to \(range.to.words)",
            "  \(Units.count(range.points.count, "base")): \(points)",
        ]
    }

    private func zoned(_ time: String) -> String {
        TimeArgument(argument: time).map { Units.zonedTime(MomentArgument.seconds($0.value)) } ?? time
    }
}
