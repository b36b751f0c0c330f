import ObjectStore
import Sealing

/// Reads one pack after another and compares everything in it with the index. Used by one thread.
final class PackScan {
    private let indexed: IndexedRepository
    private let run: CheckRun
    private let opener: BlobOpener

    init(_ indexed: IndexedRepository, _ run: CheckRun) {
        self.indexed = indexed
        self.run = run
        opener = BlobOpener(key: indexed.repository.key)
    }

    /// Checks the pack of that number. Throws only when the store fails.
    func check(_ number: Int, byteCount: UInt64) throws {
        let record = indexed.table.record(ofPack: number)
        do {
            try scan(record, byteCount)
        } catch let error as RepositoryError {
            find(.packDamaged, error.message, record.id)
        } catch let error as StoreError {
            guard error.code == .notFound || error.code == .invalidRange else { throw error }
            find(.packDamaged, "it went or became shorter while it was read: \(error.message)", record.id)
        }
    }

    private func scan(_ record: PackRecord, _ byteCount: UInt64) throws {
        let stream = PackStream(record.id, byteCount: byteCount, of: indexed.repository, isHashing: true)
        var place: UInt64 = 0
        for blob in record.blobs {
            guard blob.range.lowerBound >= place, blob.range.upperBound <= byteCount else {
                find(.blobDamaged, "\(describe(blob)) overlaps another, or reaches beyond the pack", record.id)
                continue
            }
            try unsafe stream.withBytes(blob.range) { sealed in
                do {
                    try unsafe opener.open(sealed, blob) { _ in }
                } catch {
                    find(.blobDamaged, "\(describe(blob)) is damaged: \(BlobReader.reason(error))", record.id)
                }
            }
            place = blob.range.upperBound
        }
        let header = try readHeader(record, stream, place, byteCount)
        let digest = try stream.finish()
        if digest != record.id.digest {
            find(.packDamaged, "the pack's bytes have the digest \(digest.hex), which is not its name", record.id)
        }
        if let header { compare(record, header) }
    }

    /// The header lies behind the blobs, so it has mostly been read already.
    private func readHeader(
        _ record: PackRecord, _ stream: PackStream, _ place: UInt64, _ byteCount: UInt64
    ) throws -> PackRecord? {
        let most = UInt64(Limits.packHeaderByteCount + PackHeader.lengthByteCount)
        let start = max(place, byteCount - min(byteCount, most))
        do {
            let tail = try unsafe stream.withBytes(start..<byteCount) { unsafe [UInt8]($0) }
            return try indexed.repository.header(tail: tail, ofPack: record.id, byteCount: byteCount)
        } catch let error as RepositoryError {
            find(.packHeader, error.message, record.id)
            return nil
        }
    }

    private func compare(_ record: PackRecord, _ header: PackRecord) {
        guard record.blobs != header.blobs else { return }
        let difference: String
        if record.blobs.count != header.blobs.count {
            difference = "it lists \(header.blobs.count) blobs and the index \(record.blobs.count)"
        } else if let pair = zip(record.blobs, header.blobs).first(where: { $0 != $1 }) {
            difference =
                pair.0.id == pair.1.id
                ? "of \(describe(pair.0)) it says \(lengths(pair.1)), and the index \(lengths(pair.0))"
                : "it has \(describe(pair.1)) where the index has \(describe(pair.0))"
        } else {
            difference = "they differ"
        }
        find(.packHeader, "the pack's header is not what the index says: \(difference)", record.id)
    }

    private func describe(_ blob: PackRecord.Blob) -> String {
        "\(blob.type.name) blob \(blob.id.short) at byte \(blob.offset)"
    }

    private func lengths(_ blob: PackRecord.Blob) -> String {
        "\(blob.byteCount) bytes, \(blob.plainByteCount) plain"
    }

    private func find(_ code: CheckFinding.Code, _ message: String, _ pack: PackID) {
        run.noteDamage(pack)
        run.find(
            .error, code, message, subject: indexed.repository.describe(Layout.pack(pack)),
            hint: code == .packHeader
                ? "run `lifeboat repair index --read-all-packs`"
                : "run `lifeboat repair packs \(pack.short)`, which saves the blobs that are whole")
    }
}
