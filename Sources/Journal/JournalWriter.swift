public import ObjectStore
public import Sealing

/// Where the chain of a timeline ends.
public struct JournalTail: Sendable, Hashable {
    /// Number of the last object; 0 when there is none.
    public let number: UInt64
    /// The newest segment's header; nil when there is none.
    public let last: SegmentHeader?
    /// SHA-256 of the last object as stored; nil when there is none.
    public let digest: Digest?
}

/// Continues the chain of one timeline. One caller at a time; two writers of one chain find each other out.
///
/// After an error that is not its own the caller asks `resume` where the chain ends: what was to be stored may be there.
public actor JournalWriter {
    private let journal: SourceJournal
    /// The timeline.
    public let timeline: UInt32
    private var tail: JournalTail?

    /// A writer for a timeline.
    public init(_ journal: SourceJournal, timeline: UInt32) {
        self.journal = journal
        self.timeline = timeline
    }

    /// A writer for a timeline of the source that the configuration calls `source`.
    public init(store: any ObjectStore, repositoryID: String, key: SealingKey, source: String, timeline: UInt32) {
        self.init(
            SourceJournal(store: store, repositoryID: repositoryID, key: key, source: source), timeline: timeline)
    }

    /// Asks the store where the chain ends.
    ///
    /// - Throws: `StoreError`; `damagedObject` when the last one cannot be read, so that nobody knows where to go on.
    public func resume() async throws -> JournalTail {
        let (numbers, trims) = try await journal.listing(of: timeline)
        guard let number = numbers.last else {
            guard let trim = try await journal.trim(timeline, of: trims) else { return remember(nil, nil, 0) }
            return remember(nil, trim.predecessor.flatMap { Digest(hex: $0) }, trim.first - 1)
        }
        let object = try await journal.load(timeline, number)
        return remember(object.entry.tail, object.digest, number)
    }

    /// Stores the next segment.
    ///
    /// - Throws: `otherWriter` when the number has been taken; `tooLarge`; `StoreError`.
    public func append(_ header: SegmentHeader, _ bytes: [UInt8]) async throws -> JournalTail {
        precondition(header.byteCount == UInt64(bytes.count), "a header says how many bytes follow it")
        return try await append(.segment(header, bytes))
    }

    /// Stores the record that the files of `closing` are in a snapshot, which must be stored already. The segments that it
    /// replaces may then be discarded.
    ///
    /// - Throws: as `append`.
    public func close(_ closing: Closing) async throws -> JournalTail { try await append(.closing(closing)) }

    /// Deletes the segments that a stored closing replaces. Fine when they are gone.
    public func discard(_ closing: Closing) async throws {
        for run in closing.replaced {
            for start in stride(from: run.first, through: run.last, by: 1000) {
                try await journal.store.delete(
                    (start...min(run.last, start + 999)).map { journal.name(timeline, $0) })
            }
        }
    }

    private func append(_ entry: JournalEntry) async throws -> JournalTail {
        var known = tail
        if known == nil { known = try await resume() }
        guard let known else { preconditionFailure("resume tells where the chain ends") }
        // Whatever fails from here on: the next call asks the store what is there.
        tail = nil
        let number = known.number + 1
        let stored = try journal.seal(entry, timeline, number, after: known.digest)
        do {
            try await journal.store.putNew(journal.name(timeline, number), stored)
        } catch {
            guard error.code == .alreadyExists else { throw error }
            return try await recognise(entry, number, after: known, error)
        }
        return remember(entry.tail, SHA256.digest(stored), number)
    }

    /// Something has the name: our own bytes, when an answer was lost on its way and the call was made again, else somebody's.
    private func recognise(
        _ entry: JournalEntry, _ number: UInt64, after known: JournalTail, _ cause: StoreError
    ) async throws -> JournalTail {
        let there = try await journal.load(timeline, number)
        guard there.predecessor == known.digest, there.entry == entry else {
            throw JournalError(
                .otherWriter, "another writer has continued the journal with segment \(number)",
                subject: journal.name(timeline, number),
                hint: "only one journal may run for a source: find the other one and end it", cause: cause)
        }
        return remember(entry.tail, there.digest, number)
    }

    private func remember(_ last: SegmentHeader?, _ digest: Digest?, _ number: UInt64) -> JournalTail {
        let tail = JournalTail(number: number, last: last, digest: digest)
        self.tail = tail
        return tail
    }
}

extension JournalEntry {
    /// The header of the newest segment once this is the last entry.
    var tail: SegmentHeader {
        switch self {
        case .segment(let header, _): header
        case .closing(let closing): closing.tail
        }
    }
}
