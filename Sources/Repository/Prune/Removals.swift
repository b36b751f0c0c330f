import ObjectStore
import Sealing

/// A removal list: packs that the first run of prune found to be without use, for the second run to look at again. Until then
/// their blobs can be read, and no new snapshot relies on them.
///
/// Stored sealed under `lifeboat/removals/<generation>-<random>`: 12 digits and 8 hexadecimal digits, so that two first runs
/// at the same time do not overwrite each other. The payload is JSON: `{"time":"…","packs":["…"]}`.
struct RemovalList: Sendable {
    let name: String
    let packs: Set<PackID>
}

/// The removal lists of a repository.
enum Removals {
    private static let kind = "removals"

    private struct Payload: Codable {
        var time: String
        var packs: [String]
    }

    /// All packs on any list.
    static func packs(of repository: OpenRepository) async throws -> Set<PackID> {
        try await lists(of: repository).lists.reduce(into: []) { $0.formUnion($1.packs) }
    }

    /// All lists, and the names of those that cannot be read. These do no harm: a list only spares work, since the second run
    /// looks for references itself, and packs that no list names are found again by the next first run.
    static func lists(of repository: OpenRepository) async throws -> (lists: [RemovalList], unreadable: [String]) {
        var lists = [RemovalList]()
        var unreadable = [String]()
        for info in try await repository.store.list(prefix: Layout.removals) {
            do {
                // nil when another process carried the list out since it was listed.
                guard let payload = try await repository.record(Payload.self, kind: kind, name: info.name) else {
                    continue
                }
                lists.append(RemovalList(name: info.name, packs: Set(payload.packs.compactMap { PackID(hex: $0) })))
            } catch let error as StoreError {
                throw error
            } catch {
                unreadable.append(info.name)  // losing the error is right, see above
            }
        }
        return (lists, unreadable)
    }

    /// Writes a list under the generation that follows the highest there is.
    static func write(_ packs: [PackID], time: String, to repository: OpenRepository) async throws -> RemovalList {
        let names = try await repository.store.list(prefix: Layout.removals).map(\.name)
        let highest = names.compactMap { UInt64($0.dropFirst(Layout.removals.utf8.count).prefix(12)) }.max() ?? 0
        let generation = String(highest + 1)
        let padded = String(repeating: "0", count: max(0, 12 - generation.utf8.count)) + generation
        let suffix = SecureRandom.bytes(4).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        let name = Layout.removals + padded + "-" + suffix
        let payload = Payload(time: time, packs: packs.map(\.hex).sorted())
        try await repository.storeRecord(payload, kind: kind, name: name)
        return RemovalList(name: name, packs: Set(packs))
    }
}
