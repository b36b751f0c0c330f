import FoundationEssentials
public import ObjectStore
public import Sealing

/// The records of a source's timelines, and of those that were undone. Each is written once.
///
///     lifeboat/timelines/<source>/<timeline>            kind `timeline`
///     lifeboat/timelines/<source>/<timeline>-undone     kind `timeline-end`: {"format":1,"timeline":2,"time":"…"}
public struct TimelineStore: Sendable {
    private static let kind = "timeline"
    private static let largestRecord = 1 << 20
    private static let endKind = "timeline-end"
    private static let endWord = "-undone"
    private let journal: SourceJournal

    private struct End: Codable {
        var format = 1
        var timeline: UInt32
        var time: String
    }

    /// The timelines of a source.
    public init(_ journal: SourceJournal) { self.journal = journal }

    /// The timelines of the source that the configuration calls `source`.
    public init(store: any ObjectStore, repositoryID: String, key: SealingKey, source: String) {
        self.init(SourceJournal(store: store, repositoryID: repositoryID, key: key, source: source))
    }

    /// All records.
    ///
    /// - Throws: `damagedObject`, `malformedTimelines`; `StoreError`.
    public func tree() async throws -> TimelineTree {
        var records = [TimelineRecord]()
        let names = try await journal.store.list(prefix: journal.timelinePrefix).map(\.name)
        for name in names {
            guard let number = UInt32(name.dropFirst(journal.timelinePrefix.count)), name == self.name(number)
            else { continue }
            var record = try await read(number)
            if names.contains(name + Self.endWord) { record.undone = try await end(of: number).time }
            records.append(record)
        }
        return try TimelineTree(records)
    }

    /// Writes down that a timeline was undone: the newest of the others is live again. Fine when that was written before.
    ///
    /// - Throws: `damagedObject` when what is there cannot be read; `StoreError`.
    public func undo(_ timeline: UInt32, time: String) async throws {
        let name = name(timeline) + Self.endWord
        let header = SealedObject.Header(
            repositoryID: journal.repositoryID, kind: Self.endKind, name: name, sequence: UInt64(timeline))
        let payload = Array(try JSONEncoder().encode(End(timeline: timeline, time: time)))
        let stored = try SealedObject(header: header, payload: payload).sealed(key: journal.key(Self.endKind))
        do {
            try await journal.store.putNew(name, stored)
        } catch {
            guard error.code == .alreadyExists else { throw error }
            _ = try await end(of: timeline)
        }
    }

    /// Writes the record of a new timeline.
    ///
    /// - Throws: `otherWriter` when there is one of this number already; `StoreError`.
    public func write(_ record: TimelineRecord) async throws {
        let name = name(record.timeline)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let header = SealedObject.Header(
            repositoryID: journal.repositoryID, kind: Self.kind, name: name, sequence: UInt64(record.timeline))
        let object = SealedObject(header: header, payload: Array(try encoder.encode(record)))
        let stored = try object.sealed(key: journal.key(Self.kind))
        do {
            try await journal.store.putNew(name, stored)
        } catch {
            guard error.code == .alreadyExists else { throw error }
            // Our own, when an answer was lost on its way and the call was made again. What else is wrong with it does not matter.
            if let there = try? await read(record.timeline), there == record { return }
            throw JournalError(
                .otherWriter, "timeline \(record.timeline) has been begun by somebody else", subject: name,
                hint: "only one journal may run for a source; find the other one", cause: error)
        }
    }

    private func name(_ timeline: UInt32) -> String { "\(journal.timelinePrefix)\(timeline)" }

    private func read(_ timeline: UInt32) async throws -> TimelineRecord {
        try await read(name(timeline), Self.kind, timeline)
    }

    private func end(of timeline: UInt32) async throws -> End {
        try await read(name(timeline) + Self.endWord, Self.endKind, timeline)
    }

    private func read<Record: Decodable>(_ name: String, _ kind: String, _ timeline: UInt32) async throws -> Record {
        let stored = try await journal.store.get(name)
        do {
            let object = try SealedObject.open(
                stored,
                expecting: SealedObject.Expectation(
                    repositoryID: journal.repositoryID, kind: kind, name: name, sequence: UInt64(timeline)),
                key: journal.key(kind), limit: Self.largestRecord)
            return try JSONDecoder().decode(Record.self, from: Data(object.payload))
        } catch {
            let reason = (error as? SealingError)?.message ?? "it cannot be understood"
            throw JournalError(
                .damagedObject, "the record of timeline \(timeline) is damaged: \(reason)", subject: name,
                hint: "bring it back from a replica", cause: error)
        }
    }
}

extension ObjectStore {
    /// Stores an object under a name that nothing may have yet. A store that knows no conditions is asked first, which
    /// protects from everybody but one who writes in the same moment.
    ///
    /// - Throws: `.alreadyExists`.
    func putNew(_ name: String, _ bytes: [UInt8]) async throws(StoreError) {
        do {
            return try await put(name, bytes[...], digest: nil, condition: .ifAbsent)
        } catch {
            guard error.code == .failed else { throw error }
        }
        do {
            _ = try await head(name)
        } catch {
            guard error.code == .notFound else { throw error }
            return try await put(name, bytes)
        }
        throw StoreError(.alreadyExists, "an object \(name) is there already", subject: location)
    }
}
