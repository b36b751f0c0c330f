import Repository
import Synchronization

/// How many of how many, set from any thread.
final class LatestCount: Sendable {
    private let count = Mutex((0, 0))

    var value: (Int, Int) { count.withLock { $0 } }

    func set(_ done: Int, _ total: Int) { count.withLock { $0 = (done, total) } }
}

/// A plan that is not carried out.
struct PrunePlanReport: Report {
    private let plan: PrunePlan

    init(_ plan: PrunePlan) { self.plan = plan }

    func encode(to encoder: any Encoder) throws { try plan.encode(to: encoder) }

    var lines: [String] {
        PruneText.packs(plan) + PruneText.summary(plan) + ["this was a dry run; nothing was changed"]
    }
}

/// A prune that was carried out.
struct PruneRunReport: Report {
    private let report: PruneReport

    init(_ report: PruneReport) { self.report = report }

    func encode(to encoder: any Encoder) throws { try report.encode(to: encoder) }

    var lines: [String] {
        var lines = PruneText.summary(report.plan)
        if let postponed = report.postponed {
            lines.append("what earlier runs listed was not deleted yet: \(postponed)")
        }
        let first = report.first
        if first.repackedPackCount > 0 {
            lines.append(
                "copied \(Units.count(first.copiedBlobCount, "blob")) out of \(Units.count(first.repackedPackCount, "pack")), "
                    + "\(Units.bytes(first.uploadedByteCount)) uploaded")
        }
        if let second = report.second {
            lines.append(
                "deleted \(Units.count(second.deletedPackCount, "pack")), \(Units.bytes(second.freedByteCount)) freed")
            if second.keptPackCount > 0 {
                lines.append(
                    "left \(Units.count(second.keptPackCount, "listed pack")) alone, since a snapshot needs them again")
            }
        }
        if first.listedPackCount > 0, report.second?.deletedPackCount ?? 0 < first.listedPackCount {
            lines.append(
                "listed \(Units.count(first.listedPackCount, "pack")); the next prune deletes them, or --now does")
        }
        return lines
    }
}

private enum PruneText {
    static func summary(_ plan: PrunePlan) -> [String] {
        let unused = plan.totalByteCount - min(plan.usedByteCount, plan.totalByteCount)
        var lines = [
            "\(Units.count(plan.snapshotCount, "snapshot")) use \(Units.bytes(plan.usedByteCount)) of "
                + "\(Units.bytes(plan.totalByteCount)); \(Units.bytes(unused)) are without use"
        ]
        if plan.isEmpty, plan.waiting.isEmpty { return lines + ["nothing to do"] }
        if !plan.isEmpty {
            lines.append(
                "\(Units.count(plan.remove.count, "pack")) to delete, \(Units.count(plan.repack.count, "pack")) to copy "
                    + "(\(Units.bytes(plan.copiedByteCount))), which frees \(Units.bytes(plan.freedByteCount))")
        }
        if !plan.waiting.isEmpty {
            lines.append("\(Units.count(plan.waiting.count, "pack")) listed by an earlier run wait to be deleted")
        }
        return lines
    }

    static func packs(_ plan: PrunePlan) -> [String] {
        (plan.remove.map { ("delete", $0) } + plan.repack.map { ("copy", $0) }).map { action, pack in
            let words = pack.reason.rawValue.map { $0.isUppercase ? " " + $0.lowercased() : String($0) }.joined()
            return "\(action) \(pack.id.prefix(12)) \(Units.bytes(pack.byteCount)): \(words)"
        }
    }
}
