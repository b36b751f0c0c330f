import DataSources
import Recovery

/// Where a replay ended, for a person.
enum ReplayedText {
    static func lines(_ replayed: Replayed) -> [String] {
        guard let stop = replayed.stop else { return ["as the base has it; nothing was replayed"] }
        let count = replayed.report?.transactionCount.map { Units.count($0, "transaction") + " replayed, " } ?? ""
        let time = stop.lastTime.map { "; the last is of \(Units.zonedTime($0))" } ?? ""
        var lines = ["\(count)up to \(stop.position) on timeline \(stop.timeline)\(time)"]
        if let next = stop.next { lines.append("left out first: \(next)") }
        return lines
    }
}

extension Moment {
    /// `2026-11-21 02:14:07 +01:00 (0-1-4711)`.
    var words: String {
        let name = position.isEmpty ? "the beginning" : position
        return time.map { "\(Units.zonedTime($0)) (\(name))" } ?? name
    }
}
