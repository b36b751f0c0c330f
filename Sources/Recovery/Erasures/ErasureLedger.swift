import ObjectStore
public import Repository
import Sealing

/// The erasure ledger of a repository: who must not come back with a restore.
public struct ErasureLedger: Sendable {
    static let prefix = "lifeboat/erasures/"
    private static let kind = "erasure"
    /// More entries than anybody has; numbers have 12 digits.
    private static let largestNumber: UInt64 = 999_999_999_999
    let repository: OpenRepository

    /// The ledger of `repository`.
    public init(_ repository: OpenRepository) { self.repository = repository }

    /// What is in it, oldest first, and its head.
    public struct Content: Sendable, Hashable {
        /// The entries.
        public var entries: [ErasureEntry]
        /// How far it has come.
        public var head: ErasureHead
        /// Digest of the stored bytes of each entry.
        var digests: [String]
    }

    static func name(_ number: UInt64) -> String {
        let digits = String(number)
        return prefix + String(repeating: "0", count: max(0, 12 - digits.count)) + digits
    }

    /// Reads and proves all of it.
    ///
    /// - Throws: `erasuresIncomplete` when a number is missing or an entry does not follow the one before.
    public func read() async throws -> Content {
        let names = try await repository.store.list(prefix: ErasureLedger.prefix).map(\.name).sorted()
        var content = Content(entries: [], head: ErasureHead(count: 0, digest: nil), digests: [])
        var last: Digest?
        for (index, name) in names.enumerated() {
            let number = UInt64(index) + 1
            guard name == ErasureLedger.name(number) else {
                throw ErasureLedger.incomplete("entry \(number) is missing", ErasureLedger.name(number))
            }
            do {
                let (entry, digest) = try await repository.chainedRecord(
                    ErasureEntry.self, kind: ErasureLedger.kind, name: name, sequence: number, predecessor: last)
                last = digest
                content.entries.append(entry)
                content.digests.append(digest.hex)
            } catch let error as StoreError {
                throw error
            } catch {
                throw ErasureLedger.incomplete(
                    "entry \(number) does not follow the one before, or cannot be opened", name, cause: error)
            }
        }
        content.head = ErasureHead(count: UInt64(content.entries.count), digest: last?.hex)
        return content
    }

    /// Appends an entry and gives it its number. Two that append at once: one of them is told to try again.
    public func append(_ make: (_ number: UInt64) -> ErasureEntry) async throws -> ErasureEntry {
        let content = try await read()
        let entry = make(content.head.count + 1)
        precondition(entry.number == content.head.count + 1 && entry.number <= ErasureLedger.largestNumber)
        try await repository.storeChainedRecord(
            entry, kind: ErasureLedger.kind, name: ErasureLedger.name(entry.number), sequence: entry.number,
            predecessor: content.head.digest.flatMap(Digest.init(hex:)))
        return entry
    }

    /// The hash that stands for a subject's key.
    public func subject(kind: String, key: String) -> String {
        repository.keyedHash(of: key, purpose: "erasure subject \(kind)")
    }

    /// Proves that nothing was cut off: a head that was seen before must be part of what there is.
    ///
    /// - Throws: `erasuresIncomplete`.
    public static func require(_ content: Content, toContain heads: [(head: ErasureHead, seenBy: String)]) throws {
        for (head, witness) in heads where head.count > 0 {
            guard head.count <= content.digests.count else {
                throw incomplete(
                    "entry \(content.digests.count + 1) is missing: \(witness) knew \(head.count)",
                    name(UInt64(content.digests.count) + 1))
            }
            guard content.digests[Int(head.count) - 1] == head.digest else {
                throw incomplete("entry \(head.count) is not the one that \(witness) knew", name(head.count))
            }
        }
    }

    static func incomplete(_ what: String, _ name: String, cause: (any Error)? = nil) -> RecoveryError {
        RecoveryError(
            .erasuresIncomplete, "the erasure ledger is not whole: \(what)", subject: name,
            hint: "bring the object back from a replica; until then nothing restored is handed over, since people who "
                + "asked to be erased could come back", cause: cause)
    }
}
