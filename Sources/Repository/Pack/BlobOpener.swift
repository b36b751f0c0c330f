import Sealing

/// Opens blobs one after another into memory of its own, and proves each. Used by one thread.
final class BlobOpener {
    private var sealer: Sealer
    private var decompressor = Decompressor()
    private var hasher = SHA256Hasher()
    private let opened = ReadBuffer(byteCount: 1 << 20)
    private let plain = ReadBuffer(byteCount: 1 << 20)

    init(key: SealingKey) { sealer = Sealer(key: key) }

    /// Calls `body` with the plain bytes of a sealed blob.
    ///
    /// Throws what is wrong with it: it does not open, its plain length is not the one stated, or its digest is not its ID.
    func open<R>(
        _ sealed: UnsafeRawBufferPointer, _ blob: PackRecord.Blob, _ body: (UnsafeRawBufferPointer) throws -> R
    ) throws -> R {
        let count = sealed.count - Sealer.overhead
        guard count >= 0, count <= Limits.blobByteCount, blob.compressedFrom <= Limits.blobByteCount else {
            throw RepositoryError(.blobDamaged, "its length is impossible", subject: blob.id.hex)
        }
        opened.grow(to: count)
        try unsafe opened.fill(0..<count) { room in try unsafe sealer.open(sealed, into: room) }
        return try unsafe opened.withBytes(0..<count) { opened in
            guard blob.compressedFrom > 0 else { return try unsafe prove(opened, blob, body) }
            let plainCount = Int(blob.compressedFrom)
            plain.grow(to: plainCount)
            _ = try unsafe plain.fill(0..<plainCount) { room in try unsafe decompressor.decompress(opened, into: room) }
            return try unsafe plain.withBytes(0..<plainCount) { try unsafe prove($0, blob, body) }
        }
    }

    /// The plain length that a sealed blob really has when it is stored compressed, and 0 when it is stored as it is: for
    /// repairs, where the length that is stated may be wrong. nil when no reading of it gives the bytes of its ID.
    func trueLength(_ sealed: UnsafeRawBufferPointer, _ id: BlobID) -> UInt32? {
        let count = sealed.count - Sealer.overhead
        guard count >= 0, count <= Limits.blobByteCount else { return nil }
        do throws(SealingError) {
            let stored = try sealer.open(unsafe [UInt8](sealed))
            if SHA256.digest(stored) == id.digest { return 0 }
            let plain = try decompressor.decompress(stored, limit: Limits.blobByteCount)
            return SHA256.digest(plain) == id.digest ? UInt32(plain.count) : nil
        } catch {
            return nil  // right to lose: whatever is wrong, the blob cannot be saved from here
        }
    }

    private func prove<R>(
        _ plain: UnsafeRawBufferPointer, _ blob: PackRecord.Blob, _ body: (UnsafeRawBufferPointer) throws -> R
    ) throws -> R {
        unsafe hasher.update(plain)
        let digest = hasher.finish()
        guard digest == blob.id.digest else {
            throw RepositoryError(.blobDamaged, "its bytes have the digest \(digest.hex)", subject: blob.id.hex)
        }
        return try unsafe body(plain)
    }
}
