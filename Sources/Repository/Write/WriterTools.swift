import Sealing

/// What one thread needs to store blobs: contexts made once, and room for compressed bytes. Used by that thread only.
final class WriterTools {
    var hasher = SHA256Hasher()
    var compressor: Compressor
    var sealer: Sealer
    private let compressesData: Bool
    private var scratch: [UInt8] = []

    init(key: SealingKey, level: Int32, compressesData: Bool = true) {
        self.compressesData = compressesData
        compressor = Compressor(level: level)
        sealer = Sealer(key: key)
    }

    func digest(_ plain: UnsafeRawBufferPointer) -> Digest {
        unsafe hasher.update(plain)
        return hasher.finish()
    }

    /// Compresses `plain` into memory of these tools and calls `body` with what is to be sealed and the plain length, or
    /// with `plain` itself and 0 when compressing does not pay. Trees are compressed always, as restic expects of them; an
    /// empty blob never, since a length of 0 means "not compressed".
    func compressed<R>(
        _ plain: UnsafeRawBufferPointer, _ type: BlobType,
        _ body: (UnsafeRawBufferPointer, UInt32, inout Sealer) throws -> R
    ) throws -> R {
        let count = plain.count
        guard count > 0, compressesData || type == .tree else { return try unsafe body(plain, 0, &sealer) }
        let bound = Compressor.bound(count)
        if scratch.count < bound { scratch = [UInt8](repeating: 0, count: bound) }
        let written = try unsafe scratch.withUnsafeMutableBytes { try unsafe compressor.compress(plain, into: $0) }
        guard written < count || type == .tree else { return try unsafe body(plain, 0, &sealer) }
        return try unsafe scratch.withUnsafeBytes { scratch in
            try unsafe body(UnsafeRawBufferPointer(rebasing: scratch[..<written]), UInt32(count), &sealer)
        }
    }
}
