extension Timestamp {
    /// Reads RFC 3339 text with any zone, up to nine digits of a second; nil for anything else.
    public init?(rfc3339 text: String) {
        let bytes = Array(text.utf8)
        guard let time = unsafe bytes.withUnsafeBytes({ unsafe TimeReader.read($0) }) else { return nil }
        self = time
    }

    /// The moment in UTC: `2026-01-02T03:04:05.67Z`.
    public var rfc3339: String {
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 40) { buffer, count in
            var writer = unsafe ByteWriter(UnsafeMutableRawBufferPointer(buffer))
            writer.time(self)
            count = writer.count
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
