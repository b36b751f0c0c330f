public import Sealing

/// A pack and the blobs in it, in the order in which they lie there: what an index file says of it.
public struct PackRecord: Sendable, Hashable {
    /// One sealed blob.
    public struct Blob: Sendable, Hashable {
        /// Its ID.
        public let id: BlobID
        /// What it holds.
        public let type: BlobType
        /// First byte in the pack.
        public let offset: UInt32
        /// Sealed bytes.
        public let byteCount: UInt32
        /// Plain bytes when it is compressed, else 0.
        public let compressedFrom: UInt32

        /// Bytes of the plain blob.
        public var plainByteCount: Int {
            compressedFrom == 0 ? Int(byteCount) - Sealer.overhead : Int(compressedFrom)
        }
        /// The bytes of the pack to read.
        public var range: Range<UInt64> { UInt64(offset)..<UInt64(offset) + UInt64(byteCount) }
    }

    /// Name of the pack.
    public var id: PackID
    /// Its blobs.
    public var blobs: [Blob]

    /// Bytes the whole pack must have: blobs, sealed header and the header's length.
    public var byteCount: UInt64 {
        blobs.reduce(UInt64(PackHeader.fixedByteCount)) {
            $0 + UInt64($1.byteCount) + UInt64(PackHeader.entryByteCount(isCompressed: $1.compressedFrom > 0))
        }
    }
}

extension BlobTable {
    /// What the table knows of one entry.
    func packed(_ entry: Int) -> PackRecord.Blob {
        let place = place(of: entry)
        return PackRecord.Blob(
            id: blob(of: entry), type: type(of: entry), offset: place.offset, byteCount: place.byteCount,
            compressedFrom: place.compressedFrom)
    }

    /// What the table knows of one pack.
    public func record(ofPack pack: Int) -> PackRecord {
        let blobs = entries(ofPack: pack).map { packed($0) }
        return PackRecord(id: packs[pack], blobs: blobs.sorted { $0.offset < $1.offset })
    }
}
