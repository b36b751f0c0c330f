import DataSources
import Journal
import Recovery

/// What a restore to a moment would do.
struct PlanReport: Report {
    private struct Base: Encodable {
        let point: String
        let position: String
        let time: Double
    }

    let source: String
    let target: String
    private let timeline: UInt32
    private let path: [RestorePlan.Branch]
    private let base: Base
    private let end: Moment
    private let logParts: Int
    private let baseBytes: UInt64
    private let storedLogBytes: UInt64
    private let logBytes: UInt64
    private let predictedSeconds: Double
    private let isOpen: Bool

    enum CodingKeys: String, CodingKey {
        case source, target, timeline, path, base, end
        case logParts = "log_parts"
        case baseBytes = "base_bytes"
        case storedLogBytes = "stored_log_bytes"
        case logBytes = "log_bytes"
        case predictedSeconds = "predicted_seconds"
    }

    init(_ plan: RestorePlan) {
        source = plan.source
        target = plan.target.words
        timeline = plan.timeline
        path = plan.path
        base = Base(point: plan.base.point, position: plan.base.position, time: plan.base.time)
        end = plan.end
        logParts = plan.log.count
        baseBytes = plan.baseByteCount
        storedLogBytes = plan.storedLogByteCount
        logBytes = plan.logByteCount
        predictedSeconds = plan.predicted / .seconds(1)
        isOpen = !plan.behind.isEmpty
    }

    var lines: [String] {
        let ways = path.map { branch in
            "timeline \(branch.timeline)" + (branch.cutoff.map { " until \($0.file):\($0.offset)" } ?? "")
        }
        return [
            "\(source), \(target)", "  path:      \(ways.joined(separator: ", then "))",
            "  base:      point \(base.point.prefix(8)), \(Moment(base).words), \(Units.bytes(baseBytes))",
            logParts == 0
                ? "  log:       none, the base is there already"
                : "  log:       \(Units.count(logParts, "part")), \(Units.bytes(storedLogBytes)) stored, \(Units.bytes(logBytes)), up to \(end.words)",
            "  predicted: \(Units.clock(.seconds(predictedSeconds)))"
                + (isOpen ? "; more of the log where the moment turns out to be behind it" : ""),
        ]
    }

    private func Moment(_ base: Base) -> Recovery.Moment {
        Recovery.Moment(timeline: timeline, place: nil, position: base.position, time: base.time)
    }
}
