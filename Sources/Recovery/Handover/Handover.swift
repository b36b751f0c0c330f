public import DataSources
import Repository

/// What stands between a restored copy and whoever wants to use it: erasures first, then masks, the scan for personal data, and
/// epochs (DESIGN 5, "One order"). A copy that does not come through is not handed over.
public struct Handover: Sendable {
    /// Who gets the copy.
    public enum Recipient: Sendable, Hashable {
        /// The live service: nothing is masked.
        case production
        /// Anybody else, with the mask profile of that name.
        case masked(String)
        /// Anybody else, unmasked, for a reason that goes into the record.
        case unmasked(reason: String)
    }

    /// What was done; part of the restore's event.
    public struct Record: Sendable, Hashable, Codable {
        /// Entries in the erasure ledger.
        public var erasureCount: UInt64
        /// Digest of its last entry.
        public var erasureHead: String?
        /// Subjects whose erasure is younger than what was restored.
        public var dueCount: Int
        /// Of these, found and erased.
        public var erasedCount: Int
        /// Files of theirs that were removed.
        public var erasedFileCount: Int
        /// The profile that masked; nil when none did.
        public var mask: String?
        /// Columns that were masked.
        public var maskedColumnCount: Int
        /// Values that were looked for afterwards, and not found.
        public var lookedForCount: Int
        /// Why nothing was masked; nil when it was, or the copy is for production.
        public var unmaskedReason: String?
        /// Epoch statements that were run.
        public var epochCount: Int
        /// How long erasures took, seconds; part of the recovery time.
        public var erasureSeconds: Double
        /// How long masking and its scan took, seconds; outside the recovery time.
        public var maskSeconds: Double

        enum CodingKeys: String, CodingKey {
            case mask
            case erasureCount = "erasure_count"
            case erasureHead = "erasure_head"
            case dueCount = "due_count"
            case erasedCount = "erased_count"
            case erasedFileCount = "erased_file_count"
            case maskedColumnCount = "masked_column_count"
            case lookedForCount = "looked_for_count"
            case unmaskedReason = "unmasked_reason"
            case epochCount = "epoch_count"
            case erasureSeconds = "erasure_seconds"
            case maskSeconds = "mask_seconds"
        }
    }

    let rules: HandoverRules
    let context: RecoveryContext

    /// A hand-over by the rules of the configuration.
    public init(_ rules: HandoverRules, in context: RecoveryContext) {
        self.rules = rules
        self.context = context
    }

    /// A hand-over by the rules of the context.
    init(in context: RecoveryContext) { self.init(context.handover, in: context) }

    /// Does all of it on a copy; nil where the kind of source has nothing that could be done. `trees` as below.
    func run(
        _ copy: ScratchCopy, restored: RestoredMoment, for recipient: Recipient,
        trees: (() async throws -> Int)? = nil
    ) async throws -> Record? {
        guard let server = copy.server, HandoverRules.concerns(copy.source.kind) else { return nil }
        return try await run(on: server, source: copy.source, restored: restored, for: recipient, trees: trees)
    }

    /// Refuses before anything is restored what would be refused at the end: a profile that is not there, a kind of subject that
    /// nothing erases, an erasure ledger with a hole.
    ///
    /// - Throws: `notConfigured`, `notHandedOver`, `erasuresIncomplete`.
    public func check(_ source: ProtectedSource, for recipient: Recipient) async throws {
        _ = try profile(source, recipient)
        guard HandoverRules.concerns(source.kind) else { return }
        let content = try await ErasureLedger(context.repository).proven()
        try ErasureReplay(rules: rules.erasures, ledger: ErasureLedger(context.repository)).requireRules(for: content)
    }

    /// Does all of it on a server that nobody uses yet. `trees`, called once everybody is erased and before anything is masked,
    /// fetches file trees that belong to the copy and gives how many files were erased from them.
    ///
    /// - Throws: `erasuresIncomplete`, `notHandedOver`, `notConfigured`: the copy is to be thrown away.
    public func run(
        on server: any ScratchServer, source: ProtectedSource, restored: RestoredMoment, for recipient: Recipient,
        trees: (() async throws -> Int)? = nil
    ) async throws -> Record {
        let clock = ContinuousClock()
        let began = clock.now
        let profile = try profile(source, recipient)
        let content = try await ErasureLedger(context.repository).proven()
        let replay = ErasureReplay(rules: rules.erasures, ledger: ErasureLedger(context.repository))
        try replay.requireRules(for: content)
        let kinds = Set(rules.erasures.filter { $0.source == source.name }.map(\.kind))
        let due = try await due(TreeDatabase(source: source.name, restored: restored), kinds: kinds, content)
        let erased = try await replay.run(
            on: server, source: source.name, kind: restored.kind, due: due, head: content.head, hasTrees: trees != nil)
        let fileCount = try await trees?() ?? 0
        let afterErasures = clock.now
        let masked = try await profile.asyncMap { try await MaskRun(profile: $0, kind: source.kind).run(on: server) }
        let afterMasks = clock.now
        for epoch in rules.epochs where epoch.source == source.name { try await run(epoch, on: server) }
        return Record(
            erasureCount: erased.head.count, erasureHead: erased.head.digest, dueCount: erased.dueCount,
            erasedCount: erased.erasedCount, erasedFileCount: fileCount, mask: masked?.profile,
            maskedColumnCount: masked?.columnCount ?? 0, lookedForCount: masked?.lookedForCount ?? 0,
            unmaskedReason: recipient.unmaskedReason,
            epochCount: rules.epochs.count { $0.source == source.name },
            erasureSeconds: began.duration(to: afterErasures) / .seconds(1),
            maskSeconds: afterErasures.duration(to: afterMasks) / .seconds(1))
    }

    private func profile(_ source: ProtectedSource, _ recipient: Recipient) throws -> MaskProfile? {
        guard case .masked(let name) = recipient else { return nil }
        let all = rules.masks.filter { $0.name == name }
        guard !all.isEmpty else {
            throw RecoveryError(
                .notConfigured, "no mask profile is called `\(name)`", subject: source.name,
                hint: rules.masks.isEmpty
                    ? "describe one under `masks:` in lifeboat.yaml"
                    : "there are: " + Set(rules.masks.map(\.name)).sorted().joined(separator: ", "))
        }
        guard HandoverRules.concerns(source.kind) else { return nil }
        guard let profile = all.first(where: { $0.source == source.name }) else {
            throw RecoveryError(
                .notConfigured, "the mask profile `\(name)` says nothing of \(source.name)", subject: source.name,
                hint:
                    "add the source to masks.\(name) in lifeboat.yaml, with an empty `tables:` when nothing in it is personal"
            )
        }
        return profile
    }

    private func run(_ epoch: EpochHook, on server: any ScratchServer) async throws {
        do {
            _ = try await server.query(epoch.sql, database: epoch.database)
        } catch {
            if Task.isCancelled { throw CancellationError() }
            throw RecoveryError(
                .notHandedOver, "an epoch statement failed: \(PointPart.Failure(error).message)", subject: epoch.sql,
                hint: "mend `epochs:` in lifeboat.yaml; what was restored is not handed over", cause: error)
        }
    }
}

extension Handover.Recipient {
    /// Why nothing is masked.
    var unmaskedReason: String? {
        guard case .unmasked(let reason) = self else { return nil }
        return reason
    }
}

extension Optional {
    /// As `map`, for a body that waits.
    func asyncMap<R>(_ body: (Wrapped) async throws -> R) async throws -> R? {
        guard let self else { return nil }
        return try await body(self)
    }
}
