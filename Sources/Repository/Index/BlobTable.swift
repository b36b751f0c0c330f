import Glibc
public import Sealing

/// What a blob holds.
public enum BlobType: UInt8, Sendable, Hashable, CaseIterable {
    /// Bytes of files.
    case data = 0
    /// A directory's listing.
    case tree = 1

    /// How index files spell it.
    public var name: String { self == .data ? "data" : "tree" }
}

/// Where a blob lies.
public struct BlobPlace: Sendable, Hashable {
    /// Number of the pack in its `BlobTable`.
    public let pack: Int
    /// First byte of the sealed blob in the pack.
    public let offset: UInt32
    /// Bytes of the sealed blob, 32 of them nonce and tag.
    public let byteCount: UInt32
    /// Bytes of the blob before it was compressed; 0 when it was not compressed.
    public let compressedFrom: UInt32

    /// Bytes of the plain blob.
    public var plainByteCount: Int {
        compressedFrom == 0 ? Int(byteCount) - Sealer.overhead : Int(compressedFrom)
    }
    /// The bytes of the pack to read.
    public var range: Range<UInt64> { UInt64(offset)..<UInt64(offset) + UInt64(byteCount) }
}

/// From blob ID to place, for every blob of a repository: 48 bytes an entry and one slot of 4 bytes in a hash table that is
/// filled to between 7/16 and 7/8, so 53 to 59 bytes a blob.
///
/// Entries keep the order in which they were added, pack after pack, so an entry's number can stand for the blob in bit sets.
/// The same blob may be in several packs; each place is an entry of its own.
///
/// One thread fills the table; once it is shared it does not change any more.
@safe public final class BlobTable: @unchecked Sendable {
    // Safe: every access is at `entry * stride`, `entry` checked against `count` (or kept below it by construction), inside
    // the allocation. Sendable: no mutation after loading, which one thread does.
    private static let stride = 48
    private var entries: UnsafeMutableRawPointer
    private var capacity: Int
    private var slots: [UInt32]  // entry number + 1; 0 is free
    /// Entries in the table.
    public private(set) var count = 0
    /// The packs, in the order in which they were added.
    public private(set) var packs: [PackID] = []
    /// For each pack, the number of its first entry; its last is before the next pack's first.
    private var firstEntries: [UInt32] = []
    /// Packs that wait for deletion: their blobs can be read and must not be relied on by new snapshots.
    public private(set) var retired: Set<Int> = []

    /// Makes an empty table.
    public init() {
        capacity = 1024
        guard let memory = unsafe malloc(1024 * BlobTable.stride) else { fatalError("no memory for an index") }
        unsafe entries = memory
        slots = [UInt32](repeating: 0, count: 2048)
    }

    deinit { unsafe free(entries) }

    /// Bytes of memory held for `count` entries, not counting the list of packs.
    public var memoryByteCount: Int { capacity * BlobTable.stride + slots.count * 4 }

    // MARK: Filling

    /// Begins a pack: the entries added next belong to it.
    func beginPack(_ id: PackID) {
        packs.append(id)
        firstEntries.append(UInt32(count))
    }

    /// Names the pack begun last: index files may give the name after the blobs.
    func renamePack(_ id: PackID) { packs[packs.count - 1] = id }

    /// Takes back the pack begun last, with its entries. Only for entries that were not yet linked (`linkPack`).
    func dropPack() {
        count = Int(firstEntries.removeLast())
        packs.removeLast()
    }

    /// Adds a blob to the pack begun last. It can be found after `linkPack()`.
    func append(_ id: BlobID, _ type: BlobType, offset: UInt32, byteCount: UInt32, compressedFrom: UInt32) {
        precondition(count < Int(UInt32.max) - 1 && packs.count < 1 << 31, "an index of more than 2^32 blobs")
        if count == capacity { grow() }
        unsafe entries.advanced(by: count * BlobTable.stride).withMemoryRebound(to: UInt64.self, capacity: 6) { words in
            let digest = id.digest.wordsForStorage
            unsafe words[0] = digest.0
            unsafe words[1] = digest.1
            unsafe words[2] = digest.2
            unsafe words[3] = digest.3
            unsafe words[4] = UInt64(UInt32(packs.count - 1) << 1 | UInt32(type.rawValue)) << 32 | UInt64(offset)
            unsafe words[5] = UInt64(byteCount) << 32 | UInt64(compressedFrom)
        }
        count += 1
    }

    /// Makes the blobs of the pack begun last findable.
    func linkPack() {
        for entry in Int(firstEntries[firstEntries.count - 1])..<count { link(entry) }
    }

    /// Marks packs that wait for deletion.
    func retire(_ ids: Set<PackID>) {
        retired = Set(packs.indices.filter { ids.contains(packs[$0]) })
    }

    private func grow() {
        // A bit at a time, through realloc: the kernel moves pages of large blocks, so nothing is copied or held twice.
        capacity += max(1024, capacity / 32)
        guard let larger = unsafe realloc(entries, capacity * BlobTable.stride) else {
            fatalError("no memory for an index of \(capacity) blobs")
        }
        unsafe entries = larger
    }

    private func link(_ entry: Int) {
        if (entry + 1) * 8 > slots.count * 7 { rehash() }
        insert(entry)
    }

    private func insert(_ entry: Int) {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: word(entry, 0)) & mask
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = UInt32(entry + 1)
    }

    private func rehash() {
        let linked = slots
        slots = [UInt32](repeating: 0, count: linked.count * 2)
        for slot in linked where slot != 0 { insert(Int(slot) - 1) }
    }

    // MARK: Looking up

    @inline(__always)
    private func word(_ entry: Int, _ index: Int) -> UInt64 {
        unsafe entries.load(fromByteOffset: entry * BlobTable.stride + index * 8, as: UInt64.self)
    }

    /// Numbers of all entries of a blob, those of retired packs last.
    public func entries(of id: BlobID, _ type: BlobType) -> [Int] {
        var found = [Int]()
        var late = [Int]()
        forEachEntry(of: id, type) { entry in
            if retired.isEmpty || !retired.contains(packNumber(of: entry)) {
                found.append(entry)
            } else {
                late.append(entry)
            }
            return true
        }
        return found + late
    }

    /// The number of the entry to read a blob from; nil when it is in no index. Entries of packs that are not retired are
    /// preferred.
    public func find(_ id: BlobID, _ type: BlobType) -> Int? {
        var late: Int?
        var first: Int?
        forEachEntry(of: id, type) { entry in
            guard retired.isEmpty || !retired.contains(packNumber(of: entry)) else {
                late = entry
                return true
            }
            first = entry
            return false
        }
        return first ?? late
    }

    /// Is the blob stored where a new snapshot may rely on it?
    public func holds(_ id: BlobID, _ type: BlobType) -> Bool {
        guard let entry = find(id, type) else { return false }
        return retired.isEmpty || !retired.contains(packNumber(of: entry))
    }

    @inline(__always)
    private func forEachEntry(of id: BlobID, _ type: BlobType, _ body: (Int) -> Bool) {
        let mask = slots.count - 1
        let digest = id.digest.wordsForStorage
        var slot = Int(truncatingIfNeeded: digest.0) & mask
        while slots[slot] != 0 {
            let entry = Int(slots[slot]) - 1
            if word(entry, 0) == digest.0, word(entry, 1) == digest.1, word(entry, 2) == digest.2,
                word(entry, 3) == digest.3, self.type(of: entry) == type, !body(entry)
            {
                return
            }
            slot = (slot + 1) & mask
        }
    }

    /// The blob that an entry is of.
    public func blob(of entry: Int) -> BlobID {
        precondition(entry >= 0 && entry < count, "no such entry")
        return BlobID(Digest(words: (word(entry, 0), word(entry, 1), word(entry, 2), word(entry, 3))))
    }

    /// What the blob of an entry holds.
    public func type(of entry: Int) -> BlobType {
        precondition(entry >= 0 && entry < count, "no such entry")
        return word(entry, 4) >> 32 & 1 == 0 ? .data : .tree
    }

    private func packNumber(of entry: Int) -> Int { Int(word(entry, 4) >> 33) }

    /// Where the blob of an entry lies.
    public func place(of entry: Int) -> BlobPlace {
        precondition(entry >= 0 && entry < count, "no such entry")
        let sizes = word(entry, 5)
        return BlobPlace(
            pack: packNumber(of: entry), offset: UInt32(truncatingIfNeeded: word(entry, 4)),
            byteCount: UInt32(truncatingIfNeeded: sizes >> 32), compressedFrom: UInt32(truncatingIfNeeded: sizes))
    }

    /// Numbers of the entries of a pack.
    public func entries(ofPack pack: Int) -> Range<Int> {
        let end = pack + 1 < firstEntries.count ? Int(firstEntries[pack + 1]) : count
        return Int(firstEntries[pack])..<end
    }
}
