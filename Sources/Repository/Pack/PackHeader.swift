import Sealing

/// The list of blobs at the end of a pack. A pack is `blob | blob | … | sealed header | UInt32 length of the sealed header`.
///
/// | entry | type | length sealed | plain length | ID | bytes |
/// |---|---|---|---|---|---|
/// | as it is | 0 data, 1 tree | UInt32 LE | - | 32 | 37 |
/// | compressed | 2 data, 3 tree | UInt32 LE | UInt32 LE | 32 | 41 |
///
/// Offsets are running sums: blobs lie without gaps.
enum PackHeader {
    /// Bytes of a pack that are neither blobs nor header entries: nonce, tag, length.
    static let fixedByteCount = Sealer.overhead + 4
    /// Bytes of the length at the very end.
    static let lengthByteCount = 4

    static func entryByteCount(isCompressed: Bool) -> Int { isCompressed ? 41 : 37 }

    /// The header before sealing.
    static func plain(_ blobs: [PackRecord.Blob]) -> [UInt8] {
        var header = [UInt8]()
        header.reserveCapacity(blobs.count * 41)
        for blob in blobs {
            let isCompressed = blob.compressedFrom > 0
            header.append(blob.type.rawValue + (isCompressed ? 2 : 0))
            append(blob.byteCount, to: &header)
            if isCompressed { append(blob.compressedFrom, to: &header) }
            blob.id.digest.append(to: &header)
        }
        return header
    }

    static func append(_ value: UInt32, to bytes: inout [UInt8]) {
        for shift in stride(from: UInt32(0), to: 32, by: 8) { bytes.append(UInt8(truncatingIfNeeded: value >> shift)) }
    }

    /// The length at the end of a pack: how many bytes of sealed header lie before it.
    static func length(_ tail: some BidirectionalCollection<UInt8>) -> UInt32 {
        tail.suffix(4).reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Reads an opened header; the blobs must fill `bodyByteCount` bytes exactly.
    static func blobs(_ header: [UInt8], bodyByteCount: UInt64, subject: String) throws(RepositoryError) -> [PackRecord
        .Blob]
    {
        var blobs = [PackRecord.Blob]()
        var offset: UInt64 = 0
        var index = 0
        while index < header.count {
            let kind = header[index]
            let size = entryByteCount(isCompressed: kind >= 2)
            guard kind <= 3, header.count - index >= size else {
                throw damaged("entry \(blobs.count) of its header is cut short or of unknown type \(kind)", subject)
            }
            func number(at start: Int) -> UInt32 { length(header[start..<start + 4]) }
            let byteCount = number(at: index + 1)
            let plain = kind >= 2 ? number(at: index + 5) : 0
            let digest = unsafe header.withUnsafeBytes { unsafe Digest(in: $0, at: index + size - Digest.byteCount) }
            guard let type = BlobType(rawValue: kind & 1) else {
                throw damaged("entry \(blobs.count) of its header makes no sense", subject)
            }
            guard byteCount >= UInt32(Sealer.overhead), offset + UInt64(byteCount) <= bodyByteCount else {
                throw damaged("entry \(blobs.count) of its header reaches beyond the blobs", subject)
            }
            blobs.append(
                PackRecord.Blob(
                    id: BlobID(digest), type: type, offset: UInt32(offset), byteCount: byteCount, compressedFrom: plain)
            )
            offset += UInt64(byteCount)
            index += size
        }
        guard offset == bodyByteCount else {
            throw damaged("its blobs fill \(offset) of \(bodyByteCount) bytes before the header", subject)
        }
        return blobs
    }

    static func damaged(_ message: String, _ subject: String, cause: (any Error)? = nil) -> RepositoryError {
        RepositoryError(
            .packDamaged, "the pack is damaged: \(message)", subject: subject,
            hint: "run `lifeboat repair packs`, which saves the blobs that are whole", cause: cause)
    }
}
