import Sealing
import Synchronization

/// What a first run did.
public struct PruneFirstRun: Sendable, Hashable, Codable {
    /// Packs that were put on the removal list.
    public internal(set) var listedPackCount = 0
    /// Packs whose blobs were copied.
    public internal(set) var repackedPackCount = 0
    /// Blobs that were copied.
    public internal(set) var copiedBlobCount: UInt64 = 0
    /// Bytes uploaded: new packs, and the index files that list them.
    public internal(set) var uploadedByteCount: UInt64 = 0
}

extension OpenRepository {
    /// Carries out a plan, beside running backups: copies what is in use of half-used packs into new packs and lists these in
    /// new index files; then writes a removal list of the packs that are without use now. Deletes nothing, so a kill leaves at
    /// worst copies, which the next plan finds.
    ///
    /// `lock` may be shared. `progress` is told how many packs of how many are copied.
    /// Throws `.lockLost`, and `.packDamaged` or `.blobDamaged` when a blob in use cannot be read.
    public func firstRun(
        _ plan: PrunePlan, under lock: RepositoryLock, progress: @escaping @Sendable (Int, Int) -> Void = { _, _ in }
    ) async throws -> PruneFirstRun {
        guard config.version == 2 else {
            throw RepositoryError(
                .unsupportedVersion, "repositories of format \(config.version) can be read only", subject: location,
                hint: "upgrade it with `restic migrate upgrade_repo_v2`")
        }
        let basis: PruneBasis
        if let known = plan.basis { basis = known } else { basis = try await PruneBasis.read(self) }
        var result = PruneFirstRun()
        try await copy(plan, basis, lock, &result, progress)
        let packs = (plan.remove + plan.repack).compactMap(\.pack)
        guard !packs.isEmpty else { return result }
        try await lock.prove()
        _ = try await Removals.write(packs, time: plan.settings.now, to: self)
        result.listedPackCount = packs.count
        return result
    }

    private func copy(
        _ plan: PrunePlan, _ basis: PruneBasis, _ lock: RepositoryLock, _ result: inout PruneFirstRun,
        _ progress: @escaping @Sendable (Int, Int) -> Void
    ) async throws {
        guard !plan.repack.isEmpty else { return }
        var settings = WriterSettings()
        settings.packByteCount = plan.settings.packByteCount
        settings.threadCount = plan.settings.threadCount
        settings.uploadCount = 1  // what is copied is in no hurry, and a pack takes as much memory as all the rest
        basis.indexed.windows.clear()
        let writer = BlobWriter(basis.indexed, settings: settings, lock: lock)
        let copier = PackCopier(plan, basis, writer)
        do {
            let done = SharedCounter()
            try await inParallel("repack", copier.count, threadCount: settings.threadCount) {
                PackCopier.Tools(BlobOpener(key: self.key), writer.tools())
            } body: { tools, index in
                try copier.copy(index, tools)
                progress(done.add(1), copier.count)
            }
            let totals = try await writer.finish()
            result.repackedPackCount = plan.repack.count
            result.copiedBlobCount = totals.dataBlobs + totals.treeBlobs
            result.uploadedByteCount = totals.uploadedByteCount
        } catch {
            await writer.abort()
            throw error
        }
    }
}

/// Copies the blobs of packs that are to stay. They are opened and proven on the way, and stored as they are, without
/// compressing them again, unless they were not compressed.
private struct PackCopier: Sendable {
    struct Tools {
        let opener: BlobOpener
        let writer: WriterTools

        init(_ opener: BlobOpener, _ writer: WriterTools) {
            self.opener = opener
            self.writer = writer
        }
    }

    private let basis: PruneBasis
    private let writer: BlobWriter
    private let packs: [(number: Int, compresses: Bool)]

    var count: Int { packs.count }

    init(_ plan: PrunePlan, _ basis: PruneBasis, _ writer: BlobWriter) {
        self.basis = basis
        self.writer = writer
        let reasons = Dictionary(plan.repack.map { ($0.id, $0.reason) }) { one, _ in one }
        let compressesAll = plan.settings.repacksUncompressed
        packs = basis.indexed.table.packs.enumerated().compactMap { number, id in
            reasons[id.hex].map { (number, compressesAll || $0 == .uncompressed || $0 == .mixed) }
        }
    }

    func copy(_ index: Int, _ tools: Tools) throws {
        let (number, compresses) = packs[index]
        let table = basis.indexed.table
        let id = table.packs[number]
        guard let byteCount = basis.packs.byteCounts[id] else { return }
        let stream = PackStream(id, byteCount: byteCount, of: basis.indexed.repository, isHashing: false)
        let entries = table.entries(ofPack: number).filter { basis.kept.contains($0) }
        for entry in entries.sorted(by: { table.place(of: $0).offset < table.place(of: $1).offset }) {
            try copy(table.packed(entry), from: stream, compresses: compresses, tools)
        }
    }

    private func copy(_ blob: PackRecord.Blob, from stream: PackStream, compresses: Bool, _ tools: Tools) throws {
        do {
            try unsafe stream.withBytes(blob.range) { sealed in
                try unsafe tools.opener.open(sealed, blob) { plain in
                    if compresses, blob.compressedFrom == 0 {
                        try unsafe writer.copy(blob.id, blob.type, plain, tools: tools.writer)
                    } else {
                        try unsafe writer.copy(blob, sealed: sealed, tools: tools.writer)
                    }
                }
            }
        } catch let error as SealingError {
            try copyElsewhere(blob, error, tools)
        } catch let error as RepositoryError where error.code == .blobDamaged {
            try copyElsewhere(blob, error, tools)
        }
    }

    /// The place that was to be copied is damaged; another may be whole.
    private func copyElsewhere(_ blob: PackRecord.Blob, _ error: any Error, _ tools: Tools) throws {
        let plain = try basis.indexed.blobNow(blob.id, blob.type)
        try unsafe plain.withUnsafeBytes { try unsafe writer.copy(blob.id, blob.type, $0, tools: tools.writer) }
    }
}
