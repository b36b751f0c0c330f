import Repository
public import Retention
import Sealing
public import Trees

/// Which points of a plan stay, and why.
public struct PointRetention: Sendable {
    /// What becomes of one point.
    public struct Decision: Sendable {
        /// The point.
        public let entry: PointEntry
        /// Why it stays; empty when it goes.
        public let reasons: [String]
        /// Does it stay?
        public var isKept: Bool { !reasons.isEmpty }
    }

    /// The plan.
    public let plan: String
    /// Newest first.
    public let decisions: [Decision]
    /// Points that go.
    public var removed: [PointEntry] { decisions.filter { !$0.isKept }.map(\.entry) }

    /// Asks the rules about a plan's points; changes nothing.
    ///
    /// Whole points and others are asked about apart, so that a row of failed nights never pushes out a point that can be
    /// restored. Pinned points stay, and so does the newest whole one, whatever the rules say.
    public init(plan: String, keep: RetentionPolicy, entries: [PointEntry], now: Timestamp) {
        self.plan = plan
        let own = entries.filter { $0.point.plan == plan }
        var decided = [Decision]()
        for isWhole in [true, false] {
            let group = own.filter { ($0.state == "whole") == isWhole }
            decided += PointRetention.decide(group, keep, now, keepsNewest: isWhole)
        }
        decisions = decided.sorted {
            ($1.entry.point.started, $1.entry.point.id) < ($0.entry.point.started, $0.entry.point.id)
        }
    }

    private static func decide(
        _ entries: [PointEntry], _ keep: RetentionPolicy, _ now: Timestamp, keepsNewest: Bool
    ) -> [Decision] {
        let items = entries.map {
            RetentionItem(seconds: $0.point.moment.seconds, nanoseconds: Int32($0.point.moment.nanoseconds))
        }
        let newest = entries.max { ($0.point.started, $0.point.id) < ($1.point.started, $1.point.id) }
        let rules = keep.decide(items, grouping: [], now: now.seconds).flatMap(\.decisions)
        return rules.map { rule in
            let entry = entries[rule.index]
            var reasons = rule.reasons.map { $0.replacing("snapshot", with: "point") }
            if entry.isPinned { reasons.append("pinned") }
            if reasons.isEmpty, keepsNewest, entry == newest { reasons.append("newest whole point") }
            return Decision(entry: entry, reasons: reasons)
        }
    }
}

extension RecoveryContext {
    /// Removes the points that the decisions let go, with their snapshots, and snapshots of runs that never wrote their point.
    /// Takes an exclusive lock for a moment, so that no run is in the middle. Their data stays until prune.
    ///
    /// Gives the number of points and of orphaned snapshots that went.
    public func forget(
        _ retentions: (PointList) throws -> [PointRetention]
    ) async throws -> (points: [PointEntry], orphans: Int) {
        try await repository.locked(.exclusive, locks) { _ in
            let store = PointStore(repository)
            let list = try await store.list()
            let gone = try retentions(list).flatMap(\.removed)
            try await store.remove(gone)
            try await repository.forget(list.orphans.map(\.id))
            if !gone.isEmpty || !list.orphans.isEmpty {
                try await recorder.record(
                    "forget", ForgetEvent(points: gone.map(\.point.id), orphans: list.orphans.map(\.id.hex)))
            }
            return (gone, list.orphans.count)
        }
    }

    /// What the ledger keeps of a forget.
    private struct ForgetEvent: Codable, Sendable {
        var points: [String]
        var orphans: [String]
    }
}
