public import DataSources
import ObjectStore
public import Repository
import Trees

/// One run of a plan: reads its sources, databases first, and writes the recovery point last.
public struct PlanRun: Sendable {
    /// What a run tells while it works; called from any thread.
    public enum Step: Sendable {
        /// A source is being read; the counters grow while it is.
        case began(source: String, kind: SourceKind, progress: ArchiveProgress)
        /// A source came through, or failed.
        case ended(PointPart)
    }

    private let plan: Plan
    private let sources: [ProtectedSource]
    private let context: RecoveryContext
    private let watch: @Sendable (Step) -> Void

    /// A run of `plan`, whose sources are `sources`.
    public init(
        _ plan: Plan, sources: [ProtectedSource], in context: RecoveryContext,
        watch: @escaping @Sendable (Step) -> Void = { _ in }
    ) {
        self.plan = plan
        self.sources = PlanRun.inOrder(sources)
        self.context = context
        self.watch = watch
    }

    /// Databases before files, so that a file is there before a row that names it is trusted to have one.
    static func inOrder(_ sources: [ProtectedSource]) -> [ProtectedSource] {
        let rank: [SourceKind: Int] = [.mariadb: 0, .postgresql: 0, .sqlite: 1, .redis: 2, .files: 3]
        return sources.enumerated().sorted { one, other in
            (rank[one.element.kind] ?? 9, one.offset) < (rank[other.element.kind] ?? 9, other.offset)
        }.map(\.element)
    }

    /// Runs the plan and gives its point, which says which sources failed; those do not end the run.
    ///
    /// - Throws: `alreadyRunning` when the plan runs on this machine already; what the store says when the point cannot be
    ///   written; `CancellationError`, and then there is no point.
    public func run() async throws -> RecoveryPoint {
        let lock = try FileLock(
            folder: context.stateFolder, name: "plan-\(plan.name)", what: "the plan \(plan.name)")
        defer { lock.release() }
        return try await context.repository.locked(.shared, context.locks) { _ in
            let started = context.now()
            let previous = try await PointStore(context.repository).list().entries
            var point = RecoveryPoint(
                id: PointStore.newID(), service: context.service, plan: plan.name, node: context.node,
                started: started.rfc3339, ended: started.rfc3339, programVersion: context.programVersion, parts: [],
                configuration: context.configuration)
            point.erasures = try await ErasureLedger(context.repository).read().head
            var pins = ContentPins(point: point.id, sources: [:])
            for source in sources {
                let run = SourceRun(
                    source: source, pointTag: point.tag, previous: PlanRun.lastPart(of: source.name, in: previous),
                    context: context, watch: watch)
                let (part, counted) = try await run.run()
                point.parts.append(part)
                pins.sources[source.name] = counted
                watch(.ended(part))
            }
            if !pins.sources.isEmpty { try await pins.write(to: context.repository) }
            point.ended = context.now().rfc3339
            try await PointStore(context.repository).write(point)
            do {
                try await context.recorder.record("backup", BackupEvent(point))
            } catch {
                if Task.isCancelled { throw CancellationError() }
                // The point is there and can be restored; that the ledger lacks it is for somebody to look at.
                context.alarm("point \(point.id) is not in the ledger: \(PointPart.Failure(error).message)")
            }
            return point
        }
    }

    private static func lastPart(of source: String, in entries: [PointEntry]) -> PointPart? {
        for entry in entries.reversed() {
            if let part = entry.point.part(source), part.outcome == .complete { return part }
        }
        return nil
    }
}

/// What the ledger keeps of a backup.
struct BackupEvent: Codable, Sendable {
    struct Part: Codable, Sendable {
        var source: String
        var kind: String
        var outcome: String
        var failure: String?
        var position: SourcePosition?
        var bytes: UInt64
        var addedBytes: UInt64

        enum CodingKeys: String, CodingKey {
            case source, kind, outcome, failure, position, bytes
            case addedBytes = "added_bytes"
        }
    }

    var point: String
    var plan: String
    var service: String
    var started: String
    var ended: String
    var isWhole: Bool
    var configurationDigest: String
    var parts: [Part]

    enum CodingKeys: String, CodingKey {
        case point, plan, service, started, ended, parts
        case isWhole = "is_whole"
        case configurationDigest = "configuration_digest"
    }

    init(_ point: RecoveryPoint) {
        self.point = point.id
        plan = point.plan
        service = point.service
        started = point.started
        ended = point.ended
        isWhole = point.isWhole
        configurationDigest = point.configuration.digest
        parts = point.parts.map { part in
            Part(
                source: part.source, kind: part.kind.rawValue, outcome: part.outcome.rawValue,
                failure: part.failure?.message, position: part.reading?.position, bytes: part.byteCount,
                addedBytes: part.addedByteCount)
        }
    }
}
