import Sealing

/// Compares index files with each other and with the list of packs.
struct IndexCheck {
    private let indexed: IndexedRepository
    private let packs: StoredPacks
    private let run: CheckRun
    private var repository: OpenRepository { indexed.repository }

    init(_ indexed: IndexedRepository, _ packs: StoredPacks, _ run: CheckRun) {
        self.indexed = indexed
        self.packs = packs
        self.run = run
    }

    func check() {
        checkFiles()
        let table = indexed.table
        for number in table.packs.indices {
            checkPack(number)
            if number % 1024 == 0 { run.advance(.index, number, of: table.packs.count) }
        }
        checkLengths()
        checkUnindexed()
        run.update { report in
            report.blobCount = table.count
            report.packCount = Set(table.packs).count
        }
        run.advance(.index, table.packs.count, of: table.packs.count)
    }

    private func checkFiles() {
        for (digest, error) in indexed.damagedIndexFiles {
            run.find(
                .error, .indexDamaged, BlobReader.reason(error),
                subject: repository.describe(Layout.object(Layout.indexes, digest)),
                hint: "run `lifeboat repair index`, which writes it anew from the packs")
        }
        for pack in indexed.conflictingPacks.sorted() {
            run.find(
                .error, .indexConflict, "index files say different things of this pack", subject: describe(pack),
                hint: "run `lifeboat repair index`, which asks the pack itself")
        }
        for pack in indexed.repeatedPacks.sorted() {
            run.find(
                .note, .packRepeated, "several index files name this pack", subject: describe(pack),
                hint: "the next prune tidies up")
        }
    }

    private func checkPack(_ number: Int) {
        let record = indexed.table.record(ofPack: number)
        if Set(record.blobs.map(\.type)).count > 1 {
            run.find(
                .note, .packMixed, "the pack holds both data and trees", subject: describe(record.id),
                hint: "the next prune repacks it")
        }
        guard let byteCount = packs.byteCounts[record.id] else {
            return run.find(
                .error, .packMissing, "an index names this pack, and it is not there", subject: describe(record.id),
                hint: "bring it back from a replica; else run `lifeboat repair index`, then `lifeboat repair snapshots`"
            )
        }
        guard !indexed.conflictingPacks.contains(record.id), byteCount != record.byteCount else { return }
        run.noteDamage(record.id)
        run.find(
            .error, .packSize, "the pack has \(byteCount) bytes, and by its index it should have \(record.byteCount)",
            subject: describe(record.id),
            hint: "run `lifeboat repair index`, then `lifeboat check --read-data` to see what it holds")
    }

    /// A blob in several packs has one length, or readers disagree about where the blobs of a file lie.
    private func checkLengths() {
        let table = indexed.table
        for entry in 0..<table.count {
            let type = table.type(of: entry)
            guard let first = table.find(table.blob(of: entry), type), first != entry else { continue }
            let one = table.place(of: first)
            let other = table.place(of: entry)
            guard one.plainByteCount != other.plainByteCount else { continue }
            run.find(
                .error, .blobLength,
                "\(type.name) blob \(table.blob(of: entry).short) has \(other.plainByteCount) bytes here and "
                    + "\(one.plainByteCount) in pack \(table.packs[one.pack].short)",
                subject: describe(table.packs[other.pack]),
                hint: "run `lifeboat check --read-data` to see which is right, then `lifeboat repair packs`")
        }
    }

    private func checkUnindexed() {
        let known = Set(indexed.table.packs)
        for pack in packs.byteCounts.keys.filter({ !known.contains($0) }).sorted() {
            run.find(
                .note, .packUnindexed, "no index names this pack: a backup was cut off, or is running",
                subject: describe(pack), hint: "prune removes it; `lifeboat repair index` would take it in")
        }
        for name in packs.misplaced {
            run.find(
                .warning, .packMisplaced, "an object that is named like a pack lies where no pack belongs",
                subject: repository.describe(name), hint: "look what it is and move it away by hand")
        }
    }

    private func describe(_ pack: PackID) -> String { repository.describe(Layout.pack(pack)) }
}
