import Trees

/// Writes headers of a tar archive: POSIX ustar, with pax records (IEEE Std 1003.1, `pax`) for whatever ustar cannot hold: long
/// names, names that are not ASCII, large files and numbers, nanoseconds, extended attributes. Any tar since 2001 reads it.
///
/// | offset | size | field | | offset | size | field |
/// |---|---|---|---|---|---|---|
/// | 0 | 100 | name | | 156 | 1 | type |
/// | 100 | 8 | mode, octal | | 157 | 100 | link target |
/// | 108, 116 | 8 | owner, group, octal | | 257 | 8 | `ustar` NUL `00` |
/// | 124 | 12 | size, octal | | 265, 297 | 32 | names of owner and group |
/// | 136 | 12 | time, octal | | 329, 337 | 8 | device numbers |
/// | 148 | 8 | sum of all bytes, this field as spaces | | 345 | 155 | prefix of the name, unused here |
enum TarWriter {
    private static let blockByteCount = 512

    /// The header of a node, with the pax header before it where one is needed. `hardLink` names an earlier entry that it is
    /// another name of.
    static func header(_ node: Node, path: [UInt8], hardLink: [UInt8]? = nil) -> [UInt8] {
        let metadata = node.metadata
        let isDirectory = metadata.kind == .directory
        let name = isDirectory ? path + [0x2F] : path
        let target = hardLink ?? node.details.linkTarget
        var records = [UInt8]()
        if !fits(name, 100) { records += record("path", name) }
        if !fits(target, 100) { records += record("linkpath", target) }
        records += numbers(metadata, hasContent: metadata.kind == .file && hardLink == nil)
        for attribute in node.details.attributes {
            records += record("SCHILY.xattr." + String(decoding: attribute.name, as: UTF8.self), attribute.value)
        }
        var output = [UInt8]()
        if !records.isEmpty {
            let kept = Metadata(
                kind: .file, permissions: 0o600, modified: Timestamp(seconds: 0), byteCount: UInt64(records.count))
            output += block(name: Array("pax".utf8), target: [], type: "x", kept, NodeDetails())
            output += records + padding(UInt64(records.count))
        }
        return output + block(name: name, target: target, type: type(metadata.kind, hardLink), metadata, node.details)
    }

    /// Bytes behind content, so that the next header begins at a whole block.
    static func padding(_ byteCount: UInt64) -> [UInt8] {
        [UInt8](repeating: 0, count: Int((512 - byteCount % 512) % 512))
    }

    /// The end of the archive.
    static let end = [UInt8](repeating: 0, count: 2 * blockByteCount)

    private static func type(_ kind: NodeKind, _ hardLink: [UInt8]?) -> Character {
        if hardLink != nil { return "1" }
        return switch kind {
        case .file, .socket: "0"
        case .symlink: "2"
        case .characterDevice: "3"
        case .blockDevice: "4"
        case .directory: "5"
        case .fifo: "6"
        }
    }

    private static func fits(_ text: [UInt8], _ byteCount: Int) -> Bool {
        text.count <= byteCount && text.allSatisfy { $0 < 0x80 }
    }

    private static func numbers(_ metadata: Metadata, hasContent: Bool) -> [UInt8] {
        var records = [UInt8]()
        if hasContent, metadata.byteCount >= 1 << 33 { records += record("size", "\(metadata.byteCount)") }
        if metadata.userID >= 1 << 21 { records += record("uid", "\(metadata.userID)") }
        if metadata.groupID >= 1 << 21 { records += record("gid", "\(metadata.groupID)") }
        let time = metadata.modified
        if time.nanoseconds != 0 || !(0..<1 << 33).contains(time.seconds) {
            records += record("mtime", decimal(time))
        }
        return records
    }

    private static func decimal(_ time: Timestamp) -> String {
        guard time.nanoseconds != 0 else { return "\(time.seconds)" }
        // A fraction counts away from zero, the nanoseconds of a timestamp count forward.
        let isBelow = time.seconds < 0
        let seconds = isBelow ? -(time.seconds + 1) : time.seconds
        let digits = String(isBelow ? 1_000_000_000 - time.nanoseconds : time.nanoseconds)
        return (isBelow ? "-" : "") + "\(seconds)." + String(repeating: "0", count: 9 - digits.count) + digits
    }

    private static func record(_ key: String, _ value: String) -> [UInt8] { record(key, Array(value.utf8)) }

    /// `length key=value` and a newline; the length counts its own digits.
    private static func record(_ key: String, _ value: [UInt8]) -> [UInt8] {
        let rest = [0x20] + Array(key.utf8) + [0x3D] + value + [0x0A]
        var length = rest.count + 1
        while "\(length)".utf8.count + rest.count != length { length = "\(length)".utf8.count + rest.count }
        return Array("\(length)".utf8) + rest
    }

    private static func block(
        name: [UInt8], target: [UInt8], type: Character, _ metadata: Metadata, _ details: NodeDetails
    ) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: blockByteCount)
        func put(_ bytes: some Collection<UInt8>, _ offset: Int, _ limit: Int) {
            for (index, byte) in bytes.prefix(limit).enumerated() { block[offset + index] = byte }
        }
        func putNumber(_ number: UInt64, _ offset: Int, _ width: Int) {
            let digits = String(number, radix: 8)
            guard digits.count < width else { return putNumber(0, offset, width) }  // a pax record says it
            put((String(repeating: "0", count: width - 1 - digits.count) + digits).utf8, offset, width)
        }
        put(name, 0, 100)
        putNumber(UInt64(metadata.permissions), 100, 8)
        putNumber(UInt64(metadata.userID), 108, 8)
        putNumber(UInt64(metadata.groupID), 116, 8)
        putNumber(type == "0" || type == "x" ? metadata.byteCount : 0, 124, 12)
        putNumber(UInt64(clamping: metadata.modified.seconds), 136, 12)
        put("        ".utf8, 148, 8)
        put(String(type).utf8, 156, 1)
        put(target, 157, 100)
        put(Array("ustar".utf8) + [0] + Array("00".utf8), 257, 8)
        put(details.user.utf8, 265, 31)
        put(details.group.utf8, 297, 31)
        // Linux: 12 bits of the major number from bit 8 on, the minor's low 8 bits below and the rest from bit 20 on.
        putNumber(metadata.device >> 8 & 0xFFF, 329, 8)
        putNumber(metadata.device & 0xFF | metadata.device >> 12 & 0xFFF00, 337, 8)
        let sum = block.reduce(UInt64(0)) { $0 + UInt64($1) }
        put(
            Array((String(repeating: "0", count: 6 - String(sum, radix: 8).count) + String(sum, radix: 8)).utf8) + [
                0, 0x20,
            ], 148, 8)
        return block
    }
}
