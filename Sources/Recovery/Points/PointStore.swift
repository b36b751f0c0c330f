import ObjectStore
public import Repository
import Sealing
public import Trees

/// A recovery point and the object that holds it.
public struct PointEntry: Sendable, Hashable {
    /// The object's name.
    public let name: String
    /// What it says.
    public let point: RecoveryPoint
    /// True when somebody pinned it: retention leaves it.
    public let isPinned: Bool
    /// Sources whose snapshot somebody removed.
    public let brokenSources: [String]

    /// A word for lists: `whole`, `broken`, `failed` or `incomplete`.
    public var state: String {
        if !brokenSources.isEmpty { return "broken" }
        if !point.failed.isEmpty { return "failed" }
        return point.parts.contains { $0.outcome == .incomplete } ? "incomplete" : "whole"
    }

    /// Can the source be restored from it?
    public func has(_ source: String) -> Bool {
        point.part(source)?.snapshot != nil && !brokenSources.contains(source)
    }
}

/// All points of a repository, oldest first, and the objects that could not be read.
public struct PointList: Sendable {
    /// Readable points.
    public let entries: [PointEntry]
    /// Names of objects that could not be read, with the reason.
    public let damaged: [(name: String, error: any Error)]
    /// Snapshots with a point's tag whose point was never written: a run that was ended in the middle.
    public let orphans: [SnapshotEntry]
}

/// The recovery points of a repository.
public struct PointStore: Sendable {
    static let prefix = "lifeboat/points/"
    static let pinPrefix = "lifeboat/point-pins/"
    private static let kind = "point"
    private let repository: OpenRepository

    /// The points of `repository`.
    public init(_ repository: OpenRepository) { self.repository = repository }

    /// Draws an ID for a new point.
    public static func newID() -> String {
        SecureRandom.bytes(8).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    /// Writes a point. Everything it refers to must be stored.
    public func write(_ point: RecoveryPoint) async throws {
        let name = PointStore.prefix + PointStore.stamp(point.started) + "-" + point.id
        try await repository.storeRecord(point, kind: PointStore.kind, name: name)
    }

    /// Reads all points and compares them with the snapshots there are.
    public func list() async throws -> PointList {
        let pinned = try await repository.store.list(prefix: PointStore.pinPrefix).map {
            String($0.name.dropFirst(PointStore.pinPrefix.utf8.count))
        }
        let snapshots = try await repository.snapshots().entries
        let present = Set(snapshots.map { SnapshotKey($0) })
        var entries = [PointEntry]()
        var damaged = [(name: String, error: any Error)]()
        for info in try await repository.store.list(prefix: PointStore.prefix) {
            do {
                guard let point = try await read(info.name) else { continue }
                let broken = point.parts.filter { part in
                    part.snapshot.map { !present.contains(SnapshotKey($0)) } ?? false
                }
                entries.append(
                    PointEntry(
                        name: info.name, point: point, isPinned: pinned.contains(point.id),
                        brokenSources: broken.map(\.source)))
            } catch let error as StoreError {
                throw error
            } catch {
                damaged.append((info.name, error))
            }
        }
        entries.sort { ($0.point.started, $0.point.id) < ($1.point.started, $1.point.id) }
        return PointList(
            entries: entries, damaged: damaged, orphans: orphans(snapshots, entries, damaged.map(\.name)))
    }

    private func orphans(
        _ snapshots: [SnapshotEntry], _ entries: [PointEntry], _ damaged: [String]
    ) -> [SnapshotEntry] {
        let known = Set(entries.map(\.point.tag))
        return snapshots.filter { entry in
            let tags = (entry.snapshot.tags ?? []).filter { $0.hasPrefix(RecoveryPoint.tagPrefix) }
            guard !tags.isEmpty, known.isDisjoint(with: tags) else { return false }
            // A point that cannot be read may still be this snapshot's.
            return !damaged.contains { name in
                tags.contains { name.hasSuffix("-" + $0.dropFirst(RecoveryPoint.tagPrefix.count)) }
            }
        }
    }

    private func read(_ name: String) async throws -> RecoveryPoint? {
        guard let point = try await repository.record(RecoveryPoint.self, kind: PointStore.kind, name: name) else {
            return nil
        }
        guard point.format <= RecoveryPoint.currentFormat else {
            throw RepositoryError(
                .unsupportedVersion, "the point has format \(point.format)", subject: name,
                hint: "it was written by a newer lifeboat")
        }
        return point
    }

    /// Finds a point by ID, the beginning of one, or `latest`: the newest that has all `sources` whole.
    ///
    /// - Throws: `pointMissing`, `pointAmbiguous`.
    public func find(_ text: String, plan: String? = nil, having sources: [String] = []) async throws -> PointEntry {
        let list = try await list()
        let entries = list.entries.filter { plan == nil || $0.point.plan == plan }
        if text == "latest" { return try latest(of: entries, having: sources) }
        let matches = entries.filter { !text.isEmpty && $0.point.id.hasPrefix(text.lowercased()) }
        guard let first = matches.first else {
            throw RecoveryError(
                .pointMissing, "no recovery point's ID begins with `\(text)`", subject: repository.location,
                hint: "`lifeboat points` lists what there is; `latest` is the newest")
        }
        guard matches.count == 1 else {
            throw RecoveryError(
                .pointAmbiguous, "\(matches.count) points begin with `\(text)`", subject: repository.location,
                hint: "give more digits: " + matches.prefix(4).map(\.point.id).joined(separator: ", "))
        }
        return first
    }

    private func latest(of entries: [PointEntry], having sources: [String]) throws -> PointEntry {
        let usable = entries.last { entry in
            sources.isEmpty
                ? entry.state == "whole"
                : sources.allSatisfy { entry.has($0) && entry.point.part($0)?.outcome == .complete }
        }
        if let usable { return usable }
        let what = sources.isEmpty ? "that is whole" : "that has \(sources.joined(separator: ", ")) whole"
        throw RecoveryError(
            .pointMissing, entries.isEmpty ? "there is no recovery point yet" : "there is no recovery point \(what)",
            subject: repository.location,
            hint: entries.isEmpty
                ? "`lifeboat backup PLAN` makes one"
                : "`lifeboat points` tells what is wrong with them; name one by its ID")
    }

    /// Removes points, each before its snapshots, so that what is left of a broken removal is an orphan and not a point that
    /// promises too much. Hold an exclusive lock.
    public func remove(_ entries: [PointEntry]) async throws {
        try await repository.store.delete(entries.map(\.name))
        try await repository.store.delete(entries.map { ContentPins.name(of: $0.point.id) })
        let gone = Set(entries.map(\.point.tag))
        let snapshots = try await repository.snapshots().entries.filter {
            !gone.isDisjoint(with: $0.snapshot.tags ?? [])
        }
        try await repository.forget(snapshots.map(\.id))
    }

    /// Pins a point, or lets it go again.
    public func setPinned(_ id: String, _ isPinned: Bool, reason: String, now: Timestamp) async throws {
        let name = PointStore.pinPrefix + id
        if isPinned {
            try await repository.storeRecord(
                PinRecord(reason: reason, time: now.rfc3339), kind: "point-pin", name: name)
        } else {
            try await repository.store.delete(name)
        }
    }

    private struct PinRecord: Codable {
        var reason: String
        var time: String
    }

    /// `2026-11-21T02:30:00.5Z` as `20261121T023000Z`.
    private static func stamp(_ time: String) -> String {
        String(time.prefix(19).filter { $0 != "-" && $0 != ":" }) + "Z"
    }
}

/// What a snapshot is known by.
private struct SnapshotKey: Hashable {
    let tree: String
    let time: Timestamp?
    let host: String

    init(_ entry: SnapshotEntry) {
        tree = entry.snapshot.tree
        time = entry.moment
        host = entry.snapshot.hostname ?? ""
    }

    init(_ reference: PointPart.SnapshotReference) {
        tree = reference.tree
        time = Timestamp(rfc3339: reference.time)
        host = reference.host
    }
}
