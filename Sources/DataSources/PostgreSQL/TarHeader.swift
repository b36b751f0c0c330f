import Trees

/// Reads one 512-byte header of a tar archive:
///
///     offset  size  field
///          0   100  name
///        100     8  mode, octal          108  8  uid        116  8  gid
///        124    12  size, octal; or its first bit set and binary behind it
///        136    12  mtime, octal         148  8  checksum   156  1  type
///        157   100  target of a link     257  6  "ustar"    345  155  prefix of the name
enum TarHeader {
    static func read(_ block: [UInt8], subject: String) throws -> TarEntry {
        precondition(block.count == TarReader.blockByteCount, "a header is a block")
        func malformed(_ message: String) -> SourceError {
            SourceError(.malformedStream, "a header of the archive \(message)", subject: subject)
        }
        // The sum is taken as if its own field held spaces.
        let sum = block.indices.reduce(0) { $0 + ((148..<156).contains($1) ? 0x20 : Int(block[$1])) }
        guard let stated = octal(block[148..<156]), stated == UInt64(sum) else {
            throw malformed("has a wrong checksum")
        }
        guard block[257..<262].elementsEqual("ustar".utf8) else { throw malformed("is not ustar") }
        guard let mode = octal(block[100..<108]), let user = number(block[108..<116]),
            let group = number(block[116..<124]), let size = number(block[124..<136]),
            let time = number(block[136..<148]), let modified = Int64(exactly: time)
        else { throw malformed("holds a number that is none") }
        let raw = text(block[345..<500]) + (block[345] == 0 ? [] : [0x2F]) + text(block[0..<100])
        let kind = try kind(block, subject: subject, raw)
        var parts = raw.split(separator: 0x2F, omittingEmptySubsequences: false).map(Array.init)
        if case .directory = kind, parts.last == [] { parts.removeLast() }
        if parts.first == [0x2E] { parts.removeFirst() }
        guard parts.allSatisfy(RawName.isSafe), !parts.isEmpty || kind == .directory else {
            throw malformed("names a path that cannot be one: \(RawName.printable(raw))")
        }
        guard kind == .file || size == 0, size <= TarReader.largestFile else {
            throw malformed("claims \(size) bytes for \(RawName.printable(raw))")
        }
        guard let userID = UInt32(exactly: user), let groupID = UInt32(exactly: group) else {
            throw malformed("names an owner out of range")
        }
        return TarEntry(
            path: parts, kind: kind, permissions: UInt32(mode & 0o7777), userID: userID, groupID: groupID,
            modified: modified, byteCount: size)
    }

    private static func kind(_ block: [UInt8], subject: String, _ name: [UInt8]) throws -> TarEntry.Kind {
        switch block[156] {
        case 0, 0x30: return .file
        case 0x35: return .directory
        case 0x32: return .symlink(target: text(block[157..<257]))
        case let type:
            throw SourceError(
                .malformedStream,
                "the archive holds \(RawName.printable(name)) of the type \(RawName.printable([type])), which PostgreSQL never writes",
                subject: subject)
        }
    }

    private static func text(_ field: ArraySlice<UInt8>) -> [UInt8] { Array(field.prefix { $0 != 0 }) }

    /// Octal digits with spaces or NULs around them; nil for anything else, also for no digit at all.
    private static func octal(_ field: ArraySlice<UInt8>) -> UInt64? {
        let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0x20 && $0 != 0 }
        guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x37).contains($0) }) else { return nil }
        // At most eleven digits: 33 bits.
        return digits.reduce(0) { $0 << 3 | UInt64($1 & 7) }
    }

    /// Octal, or big-endian binary behind a first byte of 0x80. Negative numbers (0xFF) are refused.
    private static func number(_ field: ArraySlice<UInt8>) -> UInt64? {
        guard field.first == 0x80 else { return octal(field) }
        let bytes = field.dropFirst()
        guard bytes.dropLast(8).allSatisfy({ $0 == 0 }) else { return nil }
        return bytes.suffix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }
}
