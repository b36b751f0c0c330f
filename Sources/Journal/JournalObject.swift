import ObjectStore
import Sealing

/// An entry as it is stored.
struct JournalObject: Sendable {
    let number: UInt64
    let digest: Digest
    let predecessor: Digest?
    let entry: JournalEntry
    let storedByteCount: UInt64
}

extension SourceJournal {
    private static let room = 4096  // for the header of the sealed object

    /// The bytes to store of an entry.
    func seal(_ entry: JournalEntry, _ timeline: UInt32, _ number: UInt64, after predecessor: Digest?) throws -> [UInt8]
    {
        let header = SealedObject.Header(
            repositoryID: repositoryID, kind: JournalEntry.kind, name: name(timeline, number), sequence: number,
            predecessor: predecessor)
        return try SealedObject(header: header, payload: try entry.payload()).sealed(key: key(JournalEntry.kind))
    }

    /// Reads the entry of a number.
    ///
    /// - Throws: `StoreError`; `JournalError.damagedObject` with the reason.
    func load(_ timeline: UInt32, _ number: UInt64) async throws -> JournalObject {
        let name = name(timeline, number)
        let stored = try await store.get(name)
        let expectation = SealedObject.Expectation(
            repositoryID: repositoryID, kind: JournalEntry.kind, name: name, sequence: number)
        let object: SealedObject
        do {
            object = try SealedObject.open(
                stored, expecting: expectation, key: key(JournalEntry.kind),
                limit: JournalEntry.largestHeader + JournalEntry.largestByteCount + Self.room)
        } catch {
            throw JournalEntry.damaged(name, "cannot be opened: \(error.message)", error)
        }
        return JournalObject(
            number: number, digest: SHA256.digest(stored), predecessor: object.header.predecessor,
            entry: try JournalEntry(payload: object.payload, name: name), storedByteCount: UInt64(stored.count))
    }
}
