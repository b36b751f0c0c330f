@testable import DataSources

/// A tar archive made by hand.
struct MadeArchive {
    var bytes: [UInt8] = []
    /// Where headers, contents and paddings end.
    private(set) var seams: [Int] = []

    /// Digits in octal and a NUL.
    static func octal(_ value: UInt64, _ count: Int) -> [UInt8] {
        let digits = String(value, radix: 8)
        return Array((String(repeating: "0", count: count - 1 - digits.count) + digits).utf8) + [0]
    }

    /// A header whose checksum is right, whatever else is wrong; `change` comes before the sum.
    static func header(
        _ name: [UInt8], byteCount: Int = 0, type: Character = "0", change: (inout [UInt8]) -> Void = { _ in }
    ) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ bytes: [UInt8], at offset: Int) {
            block.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
        }
        put(name, at: 0)
        for (value, offset, count) in [(0o600, 100, 8), (70, 108, 8), (71, 116, 8), (byteCount, 124, 12), (5, 136, 12)]
        {
            put(octal(UInt64(value), count), at: offset)
        }
        put([type.asciiValue ?? 0], at: 156)
        put(Array("ustar\u{0}00".utf8), at: 257)
        change(&block)
        block.replaceSubrange(148..<156, with: [UInt8](repeating: 0x20, count: 8))
        let sum = block.reduce(0) { $0 + UInt64($1) }
        block.replaceSubrange(148..<156, with: octal(sum, 7) + [0x20])
        return block
    }

    mutating func file(_ name: String, _ content: [UInt8]) {
        append(MadeArchive.header(Array(name.utf8), byteCount: content.count))
        append(content)
        append([UInt8](repeating: 0, count: (512 - content.count % 512) % 512))
    }

    mutating func append(_ more: [UInt8]) {
        bytes += more
        seams.append(bytes.count)
    }

    /// Files with and without padding, an empty one, a folder, a link; and the end.
    static var whole: MadeArchive {
        var archive = MadeArchive()
        archive.file("backup_label", Array("START".utf8))
        archive.append(header(Array("base/".utf8), type: "5"))
        archive.file("base/1", [UInt8](repeating: 7, count: 1024))
        archive.file("base/empty", [])
        archive.append(
            header(Array("pg_tblspc/16385".utf8), type: "2") {
                $0.replaceSubrange(157..<162, with: Array("/else".utf8))
            })
        archive.file("global/pg_control", [UInt8](repeating: 9, count: 513))
        archive.append([UInt8](repeating: 0, count: 512))
        archive.append([UInt8](repeating: 0, count: 512))
        return archive
    }

    /// Reads it to its end; gives the members with what they hold.
    func read() throws -> [(entry: TarEntry, content: [UInt8])] {
        var rest = bytes[...]
        var reader = TarReader(subject: "archive") { buffer in
            let count = min(buffer.count, rest.count)
            buffer.copyBytes(from: rest.prefix(count))
            rest = rest.dropFirst(count)
            return count
        }
        var members = [(entry: TarEntry, content: [UInt8])]()
        while let entry = try reader.next() {
            var content = [UInt8]()
            try reader.content { content += Array($0) }
            members.append((entry, content))
        }
        try reader.finish()
        return members
    }
}
