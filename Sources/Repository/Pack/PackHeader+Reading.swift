import ObjectStore
import Sealing

extension OpenRepository {
    /// Bytes read from the end of a pack to get at its header: enough for 1500 blobs.
    private static let usualTailByteCount: UInt64 = 64 << 10

    /// Reads what a pack itself says of its blobs. Throws `.packDamaged` when that makes no sense.
    func header(ofPack pack: PackID, byteCount: UInt64) async throws -> PackRecord {
        let name = Layout.pack(pack)
        guard byteCount > UInt64(PackHeader.fixedByteCount) else {
            throw PackHeader.damaged("\(byteCount) bytes are too few for a pack", describe(name))
        }
        let first = byteCount - min(byteCount, OpenRepository.usualTailByteCount)
        var tail = try await store.get(name, range: first..<byteCount)
        guard UInt64(tail.count) == byteCount - first else {
            throw PackHeader.damaged(
                "it ends after \(first + UInt64(tail.count)) of \(byteCount) bytes", describe(name))
        }
        let length = PackHeader.lengthByteCount + Int(PackHeader.length(tail))
        if length > tail.count, length <= byteCount, length <= Limits.packHeaderByteCount {
            tail = try await store.get(name, range: byteCount - UInt64(length)..<byteCount)
        }
        return try header(tail: tail, ofPack: pack, byteCount: byteCount)
    }

    /// Reads the header from the last bytes of a pack.
    func header(tail: [UInt8], ofPack pack: PackID, byteCount: UInt64) throws(RepositoryError) -> PackRecord {
        let subject = describe(Layout.pack(pack))
        let length = tail.count >= PackHeader.lengthByteCount ? Int(PackHeader.length(tail)) : 0
        let whole = length + PackHeader.lengthByteCount
        guard length >= Sealer.overhead, length <= Limits.packHeaderByteCount, whole <= tail.count else {
            throw PackHeader.damaged("its header cannot be \(length) bytes long", subject)
        }
        let plain: [UInt8]
        do throws(SealingError) {
            plain = try ciphers.open(Array(tail[(tail.count - whole)..<(tail.count - PackHeader.lengthByteCount)]))
        } catch {
            throw PackHeader.damaged("its header does not open: \(error.message)", subject, cause: error)
        }
        let blobs = try PackHeader.blobs(plain, bodyByteCount: byteCount - UInt64(whole), subject: subject)
        return PackRecord(id: pack, blobs: blobs)
    }
}
