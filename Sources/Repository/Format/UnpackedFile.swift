import Sealing

/// How an index, a snapshot or a lock is written: JSON, compressed behind a byte 0x02, then sealed. `config` is sealed plain.
enum UnpackedFile {
    private static let compressed: UInt8 = 2

    /// Compresses and marks JSON text.
    static func pack(_ json: [UInt8]) throws(SealingError) -> [UInt8] {
        var compressor = Compressor(level: 3)
        return [compressed] + (try compressor.compress(json))
    }

    /// Gives back the JSON text; throws for any other mark, and for text above the limit.
    static func unpack(_ plain: [UInt8], subject: String) throws -> [UInt8] {
        switch plain.first {
        case UInt8(ascii: "{"), UInt8(ascii: "["):
            return plain
        case compressed:
            var decompressor = Decompressor()
            return try decompressor.decompress(plain[1...], limit: Limits.unpackedByteCount)
        default:
            throw RepositoryError(
                .objectDamaged, "the file begins with neither JSON nor the mark of compressed JSON", subject: subject,
                hint: "it was written by a tool of another format, or damaged before it was sealed")
        }
    }
}
