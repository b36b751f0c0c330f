import Sealing

/// A pack while it is being filled: sealed blobs one behind the other, hashed as they come, so that its name (and the payload
/// hash that S3 signs) is known when the last byte is. Used by one thread at a time.
final class PackBuilder: @unchecked Sendable {  // lent to one writer at a time by `PackPool`
    private(set) var bytes: [UInt8] = []
    private(set) var blobs: [PackRecord.Blob] = []
    private var hasher = SHA256Hasher()

    var isEmpty: Bool { blobs.isEmpty }

    /// Bytes that adding a blob of `byteCount` sealed bytes would bring the finished pack to.
    func byteCount(adding byteCount: Int) -> Int {
        bytes.count + byteCount + (blobs.count + 1) * 41 + PackHeader.fixedByteCount
    }

    /// Seals `content` (compressed, or plain when `compressedFrom` is 0) behind the blobs that are there.
    func append(
        _ id: BlobID, _ type: BlobType, _ content: UnsafeRawBufferPointer, compressedFrom: UInt32,
        sealer: inout Sealer
    ) {
        let offset = bytes.count
        let byteCount = content.count + Sealer.overhead
        unsafe appendSealed(content, byteCount: byteCount, sealer: &sealer)
        hash(from: offset)
        blobs.append(
            PackRecord.Blob(
                id: id, type: type, offset: UInt32(offset), byteCount: UInt32(byteCount), compressedFrom: compressedFrom
            ))
    }

    /// Adds a blob that is sealed already: sealing binds it to no place.
    func append(_ id: BlobID, _ type: BlobType, sealed: UnsafeRawBufferPointer, compressedFrom: UInt32) {
        let offset = bytes.count
        unsafe bytes.append(contentsOf: sealed)
        hash(from: offset)
        blobs.append(
            PackRecord.Blob(
                id: id, type: type, offset: UInt32(offset), byteCount: UInt32(sealed.count),
                compressedFrom: compressedFrom))
    }

    private func appendSealed(_ content: UnsafeRawBufferPointer, byteCount: Int, sealer: inout Sealer) {
        bytes.append(addingCapacity: byteCount) { output in
            unsafe output.withUnsafeMutableBufferPointer { buffer, initialized in
                let room = unsafe UnsafeMutableRawBufferPointer(start: buffer.baseAddress, count: byteCount)
                unsafe sealer.seal(content, into: room)
                initialized = byteCount
            }
        }
    }

    private func hash(from offset: Int) {
        unsafe bytes.withUnsafeBytes { bytes in
            unsafe hasher.update(UnsafeRawBufferPointer(rebasing: bytes[offset...]))
        }
    }

    /// Adds header and length, and gives the pack's record. `bytes` are the object to store.
    func finish(sealer: inout Sealer) -> PackRecord {
        let offset = bytes.count
        let header = PackHeader.plain(blobs)
        unsafe header.withUnsafeBytes { header in
            unsafe appendSealed(header, byteCount: header.count + Sealer.overhead, sealer: &sealer)
        }
        PackHeader.append(UInt32(bytes.count - offset), to: &bytes)
        hash(from: offset)
        return PackRecord(id: PackID(hasher.finish()), blobs: blobs)
    }

    /// Makes ready for the next pack, keeping the memory.
    func reset() {
        bytes.removeAll(keepingCapacity: true)
        blobs.removeAll(keepingCapacity: true)
    }

    /// Asks for memory for a pack of this size, untouched until it is used.
    func reserve(_ byteCount: Int) { bytes.reserveCapacity(byteCount) }
}
