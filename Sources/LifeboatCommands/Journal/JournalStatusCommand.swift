import ArgumentParser
import DataSources
import Journal
import Recovery

struct JournalStatusCommand: Command {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Show what is archived, what waits, what is missing, and what is wrong.",
        discussion: """
            Reads the journal's objects in the store, asks the server where its log stands, and reads what the journal on this \
            machine says. Ends with 1 when something is wrong.
            """)

    @Argument(help: ArgumentHelp("Only these sources.", valueName: "source")) var sources: [String] = []
    @OptionGroup var global: GlobalOptions

    func run(in context: CommandContext) async throws -> ExitStatus {
        var statuses = [JournalStatus]()
        for (source, recovery) in try await JournalSources(access: RecoveryAccess(context: context, options: global))
            .open(sources)
        {
            statuses.append(try await JournalStatus(of: source, in: recovery))
        }
        try context.output.report(JournalReport(journals: statuses.map { JournalReport.Row($0) }), global)
        return statuses.allSatisfy(\.problems.isEmpty) ? .done : .failed
    }
}

struct JournalReport: Report {
    struct Span: Encodable {
        let begin: LogPlace
        let end: LogPlace
        let from: String
        let to: String
        let firstTime: Int64?
        let lastTime: Int64?

        enum CodingKeys: String, CodingKey {
            case begin, end, from, to
            case firstTime = "first_time"
            case lastTime = "last_time"
        }

        init(_ span: Coverage.Span) {
            (begin, end, from, to) = (span.begin, span.end, span.from, span.to)
            firstTime = span.parts.compactMap(\.header.firstTime).min()
            lastTime = span.parts.compactMap(\.header.lastTime).max()
        }
    }

    struct Gap: Encodable {
        let after: LogPlace?
        let before: LogPlace?
        let reason: String
    }

    struct Row: Encodable {
        let source: String
        let isRunning: Bool
        let timeline: UInt32?
        let timelines: [TimelineRecord]
        let server: LogPlace?
        let serverPosition: String?
        let spooled: JournalState.Mark?
        let archived: JournalState.Mark?
        let waitingByteCount: UInt64
        let lagSeconds: Double
        let behindByteCount: UInt64?
        let spans: [Span]
        let gaps: [Gap]
        let baseDue: JournalState.Message?
        let toolRestartCount: Int
        let alarms: [JournalState.Message]
        let problems: [String]

        enum CodingKeys: String, CodingKey {
            case source, timeline, timelines, server, spooled, archived, spans, gaps, alarms, problems
            case isRunning = "is_running"
            case serverPosition = "server_position"
            case waitingByteCount = "waiting_byte_count"
            case lagSeconds = "lag_seconds"
            case behindByteCount = "behind_byte_count"
            case baseDue = "base_due"
            case toolRestartCount = "tool_restart_count"
        }

        init(_ status: JournalStatus) {
            let state = status.state
            (source, isRunning, timeline) = (status.source, status.isRunning, status.timelines.live?.timeline)
            timelines = status.timelines.records
            server = status.server.map { LogPlace(file: $0.currentFile, offset: $0.currentOffset) }
            serverPosition = status.server?.position
            (spooled, archived, waitingByteCount) = (state?.spooled, state?.archived, state?.waitingByteCount ?? 0)
            (lagSeconds, behindByteCount) = (status.lagSeconds, status.behindByteCount)
            spans = (status.coverage?.spans ?? []).map { Span($0) }
            gaps = (status.coverage?.gaps ?? []).map { Gap(after: $0.after, before: $0.before, reason: $0.reason) }
            (baseDue, toolRestartCount) = (status.baseDue, state?.toolRestartCount ?? 0)
            (alarms, problems) = (state?.alarms ?? [], status.problems)
        }
    }

    let journals: [Row]

    var lines: [String] { journals.flatMap { lines($0) } }

    private func lines(_ row: Row) -> [String] {
        let timeline = row.timeline.map { "timeline \($0)" } ?? "nothing archived yet"
        var lines = ["\(row.source): \(row.isRunning ? "running" : "NOT RUNNING"), \(timeline)"]
        if let server = row.server {
            lines.append("  server    \(place(server))  \(row.serverPosition ?? "")")
        }
        if let mark = row.spooled { lines.append("  spooled   \(place(mark.place))  \(mark.position)  \(mark.time)") }
        if let mark = row.archived { lines.append("  archived  \(place(mark.place))  \(mark.position)  \(mark.time)") }
        let behind = row.behindByteCount.map { ", the server is \(Units.bytes($0)) ahead of the store" } ?? ""
        lines.append(
            "  lag       \(Units.decimal(row.lagSeconds, 1)) s, \(Units.bytes(row.waitingByteCount)) wait\(behind)")
        for span in row.spans {
            lines.append("  covered   \(place(span.begin)) to \(place(span.end)): \(span.from) to \(span.to)")
        }
        for gap in row.gaps { lines.append("  gap       \(gap.reason)") }
        for alarm in row.alarms.suffix(5) { lines.append("  alarm     \(alarm.time)  \(alarm.text)") }
        return lines + row.problems.map { "  PROBLEM   \($0)" }
    }

    private func place(_ place: LogPlace) -> String { "\(place.file):\(place.offset)" }
}
