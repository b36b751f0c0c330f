import FoundationEssentials
public import ObjectStore
import Sealing

/// Says that a timeline's chain begins later than with its first object: what was before is not needed any more, and deleted.
///
/// Stored sealed as `lifeboat/journal/<source>/<timeline>/trim-<first, 12 digits>`, kind `journal-trim`, sequence `first`, before
/// anything is deleted. The highest one counts. Where it is missing, or an older one was put back, what it tells of is missing
/// from the chain, and that is a gap with a name.
public struct JournalTrim: Sendable, Hashable, Codable {
    static let kind = "journal-trim"
    static let currentFormat = 1

    /// 1.
    public var format = JournalTrim.currentFormat
    /// The number of the first object that stays; nothing may be there yet.
    public var first: UInt64
    /// SHA-256, hexadecimal, of the object before it, which `first` names; nil when nobody knows.
    public var predecessor: String?
    /// When, RFC 3339.
    public var time: String

    /// A trim.
    public init(first: UInt64, predecessor: String?, time: String) {
        self.first = first
        self.predecessor = predecessor
        self.time = time
    }
}

extension SourceJournal {
    private static let trimWord = "trim-"
    private static let largestTrim = 1 << 16

    func trimName(_ timeline: UInt32, _ first: UInt64) -> String {
        chainPrefix(timeline) + Self.trimWord + name(timeline, first).dropFirst(chainPrefix(timeline).count)
    }

    /// What is stored of a timeline: running numbers, and the first numbers of trims; both ascend.
    func listing(of timeline: UInt32) async throws(StoreError) -> (numbers: [UInt64], trims: [UInt64]) {
        let names = try await store.list(prefix: chainPrefix(timeline)).map(\.name)
        let prefix = chainPrefix(timeline) + Self.trimWord
        let trims = names.filter { $0.hasPrefix(prefix) }.compactMap { name -> UInt64? in
            guard let first = UInt64(name.dropFirst(prefix.count)), trimName(timeline, first) == name else {
                return nil
            }
            return first
        }
        return (names.compactMap { number(of: $0, on: timeline) }, trims.sorted())
    }

    /// The trim that counts: the highest that can be read. One that cannot leaves what it tells of missing.
    func trim(_ timeline: UInt32, of firsts: [UInt64]) async throws -> JournalTrim? {
        for first in firsts.reversed() {
            let name = trimName(timeline, first)
            let stored: [UInt8]
            do {
                stored = try await store.get(name)
            } catch {
                guard error.code == .notFound else { throw error }
                continue
            }
            let expectation = SealedObject.Expectation(
                repositoryID: repositoryID, kind: JournalTrim.kind, name: name, sequence: first)
            // Right to lose: without it what is missing is named as missing.
            guard
                let object = try? SealedObject.open(
                    stored, expecting: expectation, key: key(JournalTrim.kind), limit: Self.largestTrim),
                let trim = try? JSONDecoder().decode(JournalTrim.self, from: Data(object.payload)), trim.first == first,
                trim.format <= JournalTrim.currentFormat
            else { continue }
            return trim
        }
        return nil
    }
}

/// Deletes the beginning of a timeline's chain. Whoever uses it holds the repository's exclusive lock.
public struct JournalTrimmer: Sendable {
    private let journal: SourceJournal
    private let timeline: UInt32

    /// For a timeline.
    public init(_ journal: SourceJournal, timeline: UInt32) {
        self.journal = journal
        self.timeline = timeline
    }

    /// The first number that counts.
    public func first() async throws -> UInt64 {
        try await journal.trim(timeline, of: journal.listing(of: timeline).trims)?.first ?? 1
    }

    /// Writes down that the chain begins with `trim.first`. One that is there already, or a later one, stays.
    public func write(_ trim: JournalTrim) async throws {
        guard try await first() < trim.first else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let name = journal.trimName(timeline, trim.first)
        let header = SealedObject.Header(
            repositoryID: journal.repositoryID, kind: JournalTrim.kind, name: name, sequence: trim.first)
        let object = SealedObject(header: header, payload: Array(try encoder.encode(trim)))
        // One that is there and does not count cannot be read: it is in nobody's way.
        try await journal.store.put(name, try object.sealed(key: journal.key(JournalTrim.kind)))
    }

    /// Deletes what is before the trim, and older trims. Gives how many objects of the chain went.
    @discardableResult
    public func sweep() async throws -> Int {
        let (numbers, trims) = try await journal.listing(of: timeline)
        guard let trim = try await journal.trim(timeline, of: trims) else { return 0 }
        let gone = numbers.filter { $0 < trim.first }
        for start in stride(from: 0, to: gone.count, by: 1000) {
            try await journal.store.delete(
                gone[start..<min(start + 1000, gone.count)].map { journal.name(timeline, $0) })
        }
        try await journal.store.delete(trims.filter { $0 < trim.first }.map { journal.trimName(timeline, $0) })
        return gone.count
    }
}

extension SourceJournal {
    /// How many objects of a timeline's chain are stored with numbers below `first`.
    public func objectCount(of timeline: UInt32, before first: UInt64) async throws(StoreError) -> Int {
        try await listing(of: timeline).numbers.count { $0 < first }
    }
}
