import Sealing
import Synchronization

/// Reads packs from end to end, each by one of a few threads.
struct PackCheck: Sendable {
    private let indexed: IndexedRepository
    private let run: CheckRun
    private let chosen: [(number: Int, byteCount: UInt64)]

    init(_ indexed: IndexedRepository, _ packs: StoredPacks, _ run: CheckRun) {
        self.indexed = indexed
        self.run = run
        var choice = PackChoice(run.settings.readData)
        var seen = Set<PackID>()
        // In order of names, so that a seed draws the same packs each time.
        let numbers = indexed.table.packs.indices.sorted { indexed.table.packs[$0] < indexed.table.packs[$1] }
        chosen = numbers.compactMap { number in
            let id = indexed.table.packs[number]
            guard let byteCount = packs.byteCounts[id], seen.insert(id).inserted, choice.takes(id) else { return nil }
            return (number, byteCount)
        }
    }

    func check() async throws {
        let total = chosen.reduce(UInt64(0)) { $0 + $1.byteCount }
        let done = Mutex((packs: 0, bytes: UInt64(0)))
        try await inParallel("check", chosen.count, threadCount: run.settings.threadCount) {
            PackScan(indexed, run)
        } body: { scan, index in
            let pack = chosen[index]
            try scan.check(pack.number, byteCount: pack.byteCount)
            let (packs, bytes) = done.withLock { done in
                done.packs += 1
                done.bytes += pack.byteCount
                return done
            }
            run.advance(.packs, packs, of: chosen.count, byteCount: bytes, totalByteCount: total)
        }
        let (packs, bytes) = done.withLock { $0 }
        run.update { report in
            report.readPackCount = packs
            report.readByteCount = bytes
        }
    }
}

/// Which packs are read.
struct PackChoice {
    private let scope: ReadDataScope
    private var state: UInt64 = 0

    init(_ scope: ReadDataScope) {
        self.scope = scope
        if case .percent(_, let seed) = scope { state = seed }
    }

    /// Asked once of each pack, in order of names.
    mutating func takes(_ id: PackID) -> Bool {
        switch scope {
        case .none: return false
        case .all: return true
        case .part(let part, let of): return Int(id.digest.leadingWord >> 56) % of == part - 1
        case .percent(let percent, _): return Double(draw() >> 11) / Double(1 << 53) * 100 < percent
        case .packs(let packs): return packs.contains(id)
        }
    }

    /// SplitMix64, so that a seed means the same packs everywhere.
    private mutating func draw() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ word >> 30) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ word >> 27) &* 0x94D0_49BB_1331_11EB
        return word ^ word >> 31
    }
}
