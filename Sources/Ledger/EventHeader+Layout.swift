import Sealing

extension EventHeader {
    private static let magic = [UInt8]("lb-event".utf8)
    private static let format: UInt64 = 1
    /// No more heads than this are written or read.
    static let largestHeadCount = 1000

    /// The bytes of the table: what is hashed and signed.
    public var canonicalBytes: [UInt8] {
        var output = Self.magic
        func append(_ number: UInt64, byteCount: Int) {
            for index in 0..<byteCount { output.append(UInt8(truncatingIfNeeded: number >> UInt64(8 * index))) }
        }
        func append(_ text: String) {
            precondition(text.utf8.count <= Int(UInt16.max), "a text in a header has at most 65 535 bytes")
            append(UInt64(text.utf8.count), byteCount: 2)
            output.append(contentsOf: text.utf8)
        }
        append(Self.format, byteCount: 2)
        append(sequence, byteCount: 8)
        output += previous?.bytes ?? [UInt8](repeating: 0, count: Digest.byteCount)
        append(UInt64(bitPattern: time.seconds), byteCount: 8)
        append(UInt64(time.nanoseconds), byteCount: 4)
        output += payloadHash.bytes
        output += publicKey.bytes
        append(repositoryID)
        append(node)
        append(kind.rawValue)
        append(UInt64(seen.count), byteCount: 2)
        for head in seen {
            append(head.node)
            append(head.sequence, byteCount: 8)
            output += head.hash.bytes
        }
        return output
    }

    /// Reads the layout; only the very bytes that `canonicalBytes` gives are taken.
    ///
    /// - Throws: `malformedEvent`.
    public init(canonicalBytes bytes: [UInt8]) throws(LedgerError) {
        var reader = LayoutReader(bytes)
        guard try reader.take(Self.magic.count).elementsEqual(Self.magic) else {
            throw LayoutReader.malformed("the bytes do not begin as an event does")
        }
        let format = try reader.number(byteCount: 2)
        guard format == Self.format else {
            throw LayoutReader.malformed("the event has format \(format), this program knows \(Self.format)")
        }
        sequence = try reader.number(byteCount: 8)
        let previous = try reader.take(Digest.byteCount)
        self.previous = previous.allSatisfy { $0 == 0 } ? nil : Digest(bytes: previous)
        let seconds = Int64(bitPattern: try reader.number(byteCount: 8))
        guard let nanoseconds = UInt32(exactly: try reader.number(byteCount: 4)), nanoseconds < 1_000_000_000 else {
            throw LayoutReader.malformed("the time has too many nanoseconds")
        }
        time = EventTime(seconds: seconds, nanoseconds: nanoseconds)
        payloadHash = try reader.digest()
        guard let key = VerifyingKey(try reader.take(VerifyingKey.byteCount)) else {
            throw LayoutReader.malformed("the key is too short")
        }
        publicKey = key
        repositoryID = try reader.text()
        node = try reader.text()
        kind = EventKind(rawValue: try reader.text())
        seen = try reader.heads()
        guard reader.isAtEnd, canonicalBytes == bytes else {
            throw LayoutReader.malformed("the header is not in its canonical form")
        }
    }
}

/// Takes fields from the front of bytes that may hold anything.
struct LayoutReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isAtEnd: Bool { rest.isEmpty }

    static func malformed(_ message: String) -> LedgerError {
        LedgerError(.malformedEvent, message, subject: "", hint: "a newer release may have written it")
    }

    mutating func take(_ count: Int) throws(LedgerError) -> ArraySlice<UInt8> {
        guard count >= 0, rest.count >= count else { throw LayoutReader.malformed("the event is too short") }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    mutating func number(byteCount: Int) throws(LedgerError) -> UInt64 {
        try take(byteCount).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func digest() throws(LedgerError) -> Digest {
        guard let digest = Digest(bytes: try take(Digest.byteCount)) else {
            throw LayoutReader.malformed("the event is too short")
        }
        return digest
    }

    mutating func text() throws(LedgerError) -> String {
        guard let text = String(validating: try take(Int(try number(byteCount: 2))), as: UTF8.self) else {
            throw LayoutReader.malformed("a text is not UTF-8")
        }
        return text
    }

    fileprivate mutating func heads() throws(LedgerError) -> [EventHead] {
        let count = try number(byteCount: 2)
        guard count <= EventHeader.largestHeadCount else { throw LayoutReader.malformed("there are \(count) heads") }
        var heads = [EventHead]()
        for _ in 0..<count {
            heads.append(
                EventHead(node: try text(), sequence: try number(byteCount: 8), hash: try digest()))
        }
        return heads
    }
}
