import DataSources
import Trees

/// Which snapshot of a file tree belongs to a database at a moment. Pure.
///
/// A file is there before a row names it, and is deleted long after its row (DESIGN 4): so a tree that was read later than the
/// database has all files of its rows, but those that somebody deleted in between; an earlier one lacks what came since.
public enum FilesAt {
    /// A snapshot of the tree: of a point, read between two moments, seconds since 1970.
    public struct Candidate: Sendable, Hashable, Codable {
        /// The point's ID.
        public var point: String
        /// Reading began.
        public var from: Double
        /// Reading ended.
        public var to: Double

        /// A snapshot.
        public init(point: String, from: Double, to: Double) {
            self.point = point
            self.from = from
            self.to = to
        }
    }

    /// A snapshot, and where to look for what it lacks.
    public struct Choice: Sendable, Hashable, Codable {
        /// The one to restore.
        public var chosen: Candidate
        /// Older ones, newest first.
        public var earlier: [Candidate]
        /// How far the furthest of its files may be from the database, seconds; negative where they are older.
        public var skew: Double
    }

    /// The earliest that began at `time` or later; where there is none, the newest of those before. Nil without any.
    public static func choose(_ candidates: [Candidate], at time: Double) -> Choice? {
        let sorted = candidates.sorted { ($0.from, $0.to, $0.point) < ($1.from, $1.to, $1.point) }
        let after = sorted.first { $0.from >= time }
        guard let chosen = after ?? sorted.last else { return nil }
        return Choice(
            chosen: chosen, earlier: sorted.prefix { $0 != chosen }.reversed(),
            skew: (after == nil ? chosen.from : chosen.to) - time)
    }

    /// The snapshots of `source` that points have, in their order.
    static func candidates(_ source: String, in points: [PointEntry]) -> [Candidate] {
        points.compactMap { entry in
            guard let part = entry.point.part(source), part.kind == .files, entry.has(source),
                part.outcome == .complete || part.outcome == .incomplete, let reading = part.reading,
                let from = Timestamp(rfc3339: reading.consistentFrom)?.fraction,
                let to = Timestamp(rfc3339: reading.consistentTo)?.fraction
            else { return nil }
            return Candidate(point: entry.point.id, from: from, to: max(from, to))
        }
    }
}

extension RestorePlan {
    /// The moment whose files belong to it, seconds since 1970: what was asked for, or where the database is, or will be.
    public func filesTime(_ replayed: Replayed? = nil) -> Double {
        if case .time(let time) = target { return time }
        return replayed?.stop?.lastTime ?? (replayed == nil ? end.time : nil) ?? base.time
    }
}
