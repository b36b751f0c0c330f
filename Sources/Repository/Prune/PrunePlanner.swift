import Sealing

/// Decides about every pack. Pure: basis and settings in, plan out.
struct PrunePlanner {
    private struct Candidate {
        let pack: PrunePlan.Pack
        /// Is it copied whatever the limit on waste says?
        let isForced: Bool
        let types: Set<BlobType>

        var waste: UInt64 { pack.byteCount - min(pack.byteCount, pack.usedByteCount) }
        var wastedShare: Double { Double(waste) / Double(max(1, pack.byteCount)) }
    }

    private let basis: PruneBasis
    private let settings: PruneSettings
    private var plan: PrunePlan
    private var candidates: [Candidate] = []
    /// Bytes without use in packs that are in use and have not been chosen.
    private var waste: UInt64 = 0
    private var room: UInt64

    init(_ basis: PruneBasis, _ settings: PruneSettings) {
        self.basis = basis
        self.settings = settings
        plan = PrunePlan(settings: settings, basis: basis)
        room = settings.maxRepackByteCount ?? .max
    }

    mutating func make() -> PrunePlan {
        plan.snapshotCount = basis.snapshotCount
        plan.usedBlobCount = basis.kept.count
        plan.totalByteCount = basis.packs.byteCounts.values.reduce(0, +)
        sort()
        choose()
        plan.keptUnusedByteCount = waste
        plan.copiedByteCount = plan.repack.reduce(0) { $0 + $1.usedByteCount }
        let removed = plan.remove.filter { $0.reason != .missing }.reduce(0) { $0 + $1.byteCount }
        let copied = plan.repack.reduce(0) { $0 + $1.byteCount }
        plan.freedByteCount = removed + copied - min(removed + copied, plan.copiedByteCount)
        for keyPath in [\PrunePlan.remove, \.repack, \.waiting, \.neededAgain] {
            plan[keyPath: keyPath].sort { $0.id < $1.id }
        }
        return plan
    }

    /// Puts each pack where it belongs, or among the candidates for copying.
    private mutating func sort() {
        let table = basis.indexed.table
        let listed = basis.listed
        for number in table.packs.indices {
            let id = table.packs[number]
            let content = basis.content(ofPack: number)
            let byteCount = basis.packs.byteCounts[id]
            plan.unusedBlobCount += content.unusedBlobCount
            plan.usedByteCount += content.usedByteCount
            func pack(_ reason: PrunePlan.Reason) -> PrunePlan.Pack {
                PrunePlan.Pack(
                    id: id.hex, byteCount: byteCount ?? 0, usedByteCount: content.usedByteCount, reason: reason)
            }
            if listed.contains(id) {
                if content.usedBlobCount == 0 { plan.waiting.append(pack(.unused)) }
                if content.usedBlobCount > 0 { plan.neededAgain.append(pack(.partlyUsed)) }
            } else if content.usedBlobCount == 0 {
                plan.remove.append(pack(byteCount == nil ? .missing : .unused))
            } else {
                consider(pack(reason(content)), content)
            }
        }
        let known = Set(table.packs)
        for (id, byteCount) in basis.packs.byteCounts where !known.contains(id) {
            let pack = PrunePlan.Pack(id: id.hex, byteCount: byteCount, usedByteCount: 0, reason: .unindexed)
            if listed.contains(id) { plan.waiting.append(pack) } else { plan.remove.append(pack) }
        }
    }

    private func reason(_ content: PruneBasis.Content) -> PrunePlan.Reason {
        if content.types.count > 1 { return .mixed }
        if content.hasPlainTrees || settings.repacksUncompressed && content.hasPlainData { return .uncompressed }
        return content.unusedBlobCount > 0 ? .partlyUsed : .small
    }

    private mutating func consider(_ pack: PrunePlan.Pack, _ content: PruneBasis.Content) {
        plan.keptPackCount += 1
        let isForced = pack.reason == .mixed || pack.reason == .uncompressed
        let candidate = Candidate(pack: pack, isForced: isForced, types: content.types)
        if content.unusedBlobCount > 0 { waste += candidate.waste }
        if content.unusedBlobCount > 0 || isForced || pack.byteCount < smallByteCount { candidates.append(candidate) }
    }

    /// Below this a pack counts as small.
    private var smallByteCount: UInt64 {
        let aim = settings.repacksSmall ? settings.packByteCount : min(settings.packByteCount, 4 << 20)
        return UInt64(aim) / 5 * 4
    }

    /// Chooses packs to copy: mixed and uncompressed ones first, then small ones where there are many, then those with the
    /// most waste until little enough is left.
    private mutating func choose() {
        guard let limit = settings.maxUnused.byteCount(used: plan.usedByteCount) else { return }
        var rest = [Candidate]()
        for candidate in candidates {
            if candidate.isForced { take(candidate) } else { rest.append(candidate) }
        }
        for type in BlobType.allCases {
            let small = rest.filter { $0.types.contains(type) && $0.pack.byteCount < smallByteCount }
            guard small.count >= (settings.repacksSmall ? 2 : 10) else { continue }
            for candidate in small { take(candidate) }
            rest.removeAll { $0.types.contains(type) && $0.pack.byteCount < smallByteCount }
        }
        for candidate in rest.sorted(by: { ($0.wastedShare, $1.pack.id) > ($1.wastedShare, $0.pack.id) }) {
            guard waste > limit else { return }
            if candidate.pack.reason == .partlyUsed { take(candidate) }
        }
    }

    private mutating func take(_ candidate: Candidate) {
        guard candidate.pack.byteCount <= room else { return }
        room -= candidate.pack.byteCount
        if candidate.waste <= waste, candidate.pack.reason != .small { waste -= candidate.waste }
        plan.keptPackCount -= 1
        plan.repack.append(candidate.pack)
    }
}

extension OpenRepository {
    /// Looks at everything and says what a first run of prune would do. Changes nothing, and needs no lock to be right: what
    /// is deleted in the end is decided by the second run, which looks again.
    ///
    /// Throws `.unsafeToContinue` when something that tells what is in use cannot be read.
    public func prunePlan(_ settings: PruneSettings) async throws -> PrunePlan {
        let basis = try await PruneBasis.read(self)
        return try await Threads.run("prune") {
            var planner = PrunePlanner(basis, settings)
            return planner.make()
        }
    }
}
