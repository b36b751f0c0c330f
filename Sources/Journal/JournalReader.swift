public import ObjectStore
public import Sealing

/// Reads the journal of one source: its timelines, what it holds of each, and the bytes. Changes nothing.
public struct JournalReader: Sendable {
    /// Objects read at the same time.
    private static let width = 8
    /// How often the reading begins anew because segments went into a snapshot meanwhile.
    private static let attemptCount = 5
    private let journal: SourceJournal

    /// The journal of a source.
    public init(_ journal: SourceJournal) { self.journal = journal }

    /// The journal of the source that the configuration calls `source`. `key` is the repository's master key.
    public init(store: any ObjectStore, repositoryID: String, key: SealingKey, source: String) {
        self.init(SourceJournal(store: store, repositoryID: repositoryID, key: key, source: source))
    }

    /// The timelines; none when the journal never ran.
    ///
    /// - Throws: `damagedObject`, `malformedTimelines`; `StoreError`.
    public func timelines() async throws -> TimelineTree { try await TimelineStore(journal).tree() }

    /// What there is of a timeline: every object is read and proven, several at a time.
    ///
    /// - Throws: `StoreError`; what is damaged is no error but a gap.
    public func coverage(of timeline: TimelineRecord) async throws -> Coverage {
        let (links, trim) = try await links(of: timeline.timeline)
        return ChainProof(links, trim: trim, name: { journal.name(timeline.timeline, $0) }).coverage(of: timeline)
    }

    /// What there is of a timeline, by its number.
    ///
    /// - Throws: `timelineMissing`; as `coverage(of: TimelineRecord)`.
    public func coverage(of timeline: UInt32) async throws -> Coverage {
        guard let record = try await timelines().path(to: timeline).last else {
            preconditionFailure("a path ends where it leads")
        }
        return try await coverage(of: record)
    }

    /// The bytes of a part that is in a segment.
    ///
    /// - Throws: `inSnapshot`, and then the repository has them: the file `path` of the tree; `damagedObject` when the segment
    ///   is not the one any more that coverage saw; `StoreError`.
    public func bytes(of part: Coverage.Part, on timeline: UInt32) async throws -> [UInt8] {
        guard case .segment(let number) = part.location else {
            throw JournalError(
                .inSnapshot, "the bytes of \(part.header.file) are in a snapshot", subject: part.header.file)
        }
        let object = try await journal.load(timeline, number)
        guard case .segment(let header, let bytes) = object.entry, header == part.header else {
            throw JournalEntry.damaged(journal.name(timeline, number), "is not the one that was there before")
        }
        return bytes
    }

    /// The objects of a timeline that can be read, ascending: what a closing needs to know. Several are read at a time.
    ///
    /// - Throws: `StoreError`.
    public func chain(of timeline: UInt32) async throws -> [ChainMember] {
        try await links(of: timeline).links.compactMap { link in
            guard case .object(let object) = link.state else { return nil }
            return ChainMember(number: link.number, digest: object.digest, content: object.content)
        }
    }

    // MARK: Reading the chain

    /// What counts of a chain, and where it begins.
    func links(of timeline: UInt32) async throws -> (links: [ChainLink], trim: JournalTrim?) {
        var attempt = 1
        while true {
            let (all, trims) = try await journal.listing(of: timeline)
            let trim = try await journal.trim(timeline, of: trims)
            let numbers = all.filter { $0 >= trim?.first ?? 1 }
            let links = try await load(numbers, timeline)
            // What is listed and not there is being replaced by a snapshot, or trimmed: the next list says so.
            if links.count == numbers.count || attempt == Self.attemptCount { return (links, trim) }
            attempt += 1
        }
    }

    private func load(_ numbers: [UInt64], _ timeline: UInt32) async throws -> [ChainLink] {
        try await withThrowingTaskGroup(of: ChainLink?.self) { group in
            var links = [ChainLink]()
            for (index, number) in numbers.enumerated() {
                if index >= Self.width, let link = try await group.next() ?? nil { links.append(link) }
                group.addTask { try await link(number, timeline) }
            }
            for try await link in group { if let link { links.append(link) } }
            return links.sorted { $0.number < $1.number }
        }
    }

    /// One object without its bytes; nil when it is not there any more.
    private func link(_ number: UInt64, _ timeline: UInt32) async throws -> ChainLink? {
        do {
            return ChainLink(number: number, state: .object(ChainLink.Object(try await journal.load(timeline, number))))
        } catch let error as StoreError {
            guard error.code == .notFound else { throw error }
            return nil
        } catch let error as JournalError {
            return ChainLink(number: number, state: .damaged(error.message))
        }
    }
}
