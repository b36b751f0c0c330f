public import ObjectStore
public import Sealing

/// Where the chain of a timeline ends.
public struct JournalTail: Sendable, Hashable {
    /// Number of the last object; 0 when there is none.
    public let number: UInt64
    /// The newest segment's header, as far as objects can be read; nil when there is none.
    public let last: SegmentHeader?
    /// SHA-256 of the last object that can be read as stored; nil when there is none.
    public let digest: Digest?
    /// What cannot be read behind it, newest first; then the chain must be mended before it goes on.
    public let damages: [JournalDamage]
    /// The first number that a mend gives up, or has given up just now; nil where the last object is another.
    public let givenUp: UInt64?

    /// Log was archived, and nobody knows up to where.
    public var isLost: Bool { last == nil && givenUp != nil }
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

    /// Asks the store where the chain ends: at the last object that can be read. What cannot be, behind it, is in `damages`.
    ///
    /// - Throws: `StoreError`; `unsupportedVersion`.
    @discardableResult
    public func resume() async throws -> JournalTail {
        let (numbers, trims) = try await journal.listing(of: timeline)
        var damages = [JournalDamage]()
        for number in numbers.reversed() {
            do {
                let object = try await journal.load(timeline, number)
                return remember(JournalTail(object, newest: numbers[numbers.count - 1], damages))
            } catch let error as JournalError {
                guard error.code == .damagedObject else { throw error }
                damages.append(JournalDamage(number: number, reason: error.message))
            }
        }
        let trim = try await journal.trim(timeline, of: trims)
        return remember(
            JournalTail(
                number: max(numbers.last ?? 0, trim.map { $0.first - 1 } ?? 0), last: nil,
                digest: trim?.predecessor.flatMap { Digest(hex: $0) }, damages: damages,
                givenUp: damages.isEmpty ? nil : trim?.first ?? 1))
    }

    /// Writes down that damaged objects at the end of the chain are given up, so that it can go on. Nothing is deleted. Gives
    /// the chain's end as it was before; without damage nothing is written.
    ///
    /// - Throws: as `append`.
    public func mend() async throws -> JournalTail {
        let before = try await resume()
        guard let first = before.givenUp, !before.damages.isEmpty else { return before }
        _ = try await store(.mend(Mend(first: first, tail: before.last)), after: before)
        return before
    }

    /// Stores the next segment.
    ///
    /// - Throws: `otherWriter` when the number has been taken; `tailDamaged` when the chain must be mended; `tooLarge`; `StoreError`.
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
        if let damage = known.damages.first { throw tailDamaged(damage.number, damage.reason) }
        return try await store(entry, after: known)
    }

    private func store(_ entry: JournalEntry, after known: JournalTail) async throws -> JournalTail {
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
        return remember(JournalTail(entry, number, SHA256.digest(stored)))
    }

    /// Something has the name: our own bytes, when an answer was lost on its way and the call was made again, else somebody's.
    private func recognise(
        _ entry: JournalEntry, _ number: UInt64, after known: JournalTail, _ cause: StoreError
    ) async throws -> JournalTail {
        let there: JournalObject
        do {
            there = try await journal.load(timeline, number)
        } catch let error as JournalError {
            // Half of our own, from a store that stores halves.
            throw error.code == .damagedObject ? tailDamaged(number, error.message) : error
        }
        guard there.predecessor == known.digest, there.entry == entry else {
            throw JournalError(
                .otherWriter, "another writer has continued the journal with segment \(number)",
                subject: journal.name(timeline, number),
                hint: "only one journal may run for a source: find the other one and end it", cause: cause)
        }
        return remember(JournalTail(entry, number, there.digest))
    }

    private func tailDamaged(_ number: UInt64, _ reason: String) -> JournalError {
        JournalError(
            .tailDamaged, reason, subject: journal.name(timeline, number),
            hint: "a journal that is started again gives it up and stores what it had anew")
    }

    private func remember(_ tail: JournalTail) -> JournalTail {
        self.tail = tail
        return tail
    }
}

extension JournalTail {
    /// Behind an entry.
    fileprivate init(_ entry: JournalEntry, _ number: UInt64, _ digest: Digest) {
        self.init(number: number, last: entry.tail, digest: digest, damages: [], givenUp: entry.givenUp)
    }

    /// Behind the last object that can be read; `newest` is the last number there is.
    fileprivate init(_ object: JournalObject, newest: UInt64, _ damages: [JournalDamage]) {
        self.init(
            number: newest, last: object.entry.tail, digest: object.digest, damages: damages,
            givenUp: damages.isEmpty ? object.entry.givenUp : object.number + 1)
    }
}

extension JournalEntry {
    /// The header of the newest segment once this is the last entry; nil when there is none.
    var tail: SegmentHeader? {
        switch self {
        case .segment(let header, _): header
        case .closing(let closing): closing.tail
        case .mend(let mend): mend.tail
        }
    }

    fileprivate var givenUp: UInt64? {
        if case .mend(let mend) = self { mend.first } else { nil }
    }
}
