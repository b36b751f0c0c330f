import Sealing

/// The packs that index files have named so far, while they are being read.
struct KnownPacks {
    private var numbers: [PackID: Int] = [:]
    /// Packs that several index files name with the same blobs.
    private(set) var repeated: Set<PackID> = []
    /// Packs of which index files say different things.
    private(set) var conflicting: Set<PackID> = []

    /// Decides about the pack that `table` began last: linked when it says something new, else dropped.
    mutating func add(_ id: PackID, to table: BlobTable) {
        let number = table.packs.count - 1
        guard let first = numbers[id] else {
            numbers[id] = number
            return table.linkPack()
        }
        if table.record(ofPack: first) == table.record(ofPack: number) {
            repeated.insert(id)
            table.dropPack()
        } else {
            conflicting.insert(id)
            table.linkPack()
        }
    }
}
