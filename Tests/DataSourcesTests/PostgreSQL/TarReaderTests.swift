import TestSupport
import Testing

@testable import DataSources

@Suite("the archive of pg_basebackup")
struct TarReaderTests {
    @Test("a whole archive gives its members with all that their headers say")
    func whole() throws {
        let members = try MadeArchive.whole.read()
        #expect(
            members.map(\.entry.name) == [
                "backup_label", "base", "base/1", "base/empty", "pg_tblspc/16385", "global/pg_control",
            ])
        #expect(members.map(\.content.count) == [5, 0, 1024, 0, 0, 513])
        #expect(members[0].content == Array("START".utf8))
        #expect(members[4].entry.kind == .symlink(target: Array("/else".utf8)))
        let entry = members[2].entry
        #expect((entry.permissions, entry.userID, entry.groupID, entry.modified) == (0o600, 70, 71, 5))
    }

    @Test("an archive that ends early is refused, wherever it ends")
    func truncated() {
        let whole = MadeArchive.whole
        // Each seam, one byte to either side of it, and places that fit nothing.
        let places = Set(whole.seams.dropLast().flatMap { [$0 - 1, $0, $0 + 1] } + [0, 1, 100, 511, 1000])
        for place in places.union(stride(from: 0, to: whole.bytes.count, by: 97)).sorted() {
            var cut = whole
            cut.bytes.removeLast(whole.bytes.count - place)
            let error = #expect(throws: SourceError.self, "\(place) of \(whole.bytes.count) bytes") { try cut.read() }
            #expect(error?.code == .malformedStream && error?.message.contains("ends") == true, "\(place)")
        }
    }

    @Test("what comes behind the end is refused, and one zero block is no end")
    func ends() {
        for more in [[UInt8(0)], [1], [UInt8](repeating: 0, count: 512), MadeArchive.whole.bytes] {
            var archive = MadeArchive.whole
            archive.bytes += more
            let error = #expect(throws: SourceError.self) { try archive.read() }
            #expect(error?.message == "something comes behind the end of the archive")
        }
        var gap = MadeArchive()
        gap.append([UInt8](repeating: 0, count: 512))
        gap.bytes += MadeArchive.whole.bytes
        let error = #expect(throws: SourceError.self) { try gap.read() }
        #expect(error?.message == "a zero block stands between members")
    }

    @Test("a byte of a header that is changed is noticed, whichever it is")
    func changedHeader() {
        let seed = UInt64.random(in: .min ... .max)
        var random = SeededGenerator(seed: seed)
        for place in 0..<512 where !(148..<156).contains(place) {
            var archive = MadeArchive.whole
            archive.bytes[place] ^= UInt8.random(in: 1...255, using: &random)
            #expect(throws: SourceError.self, "byte \(place), seed \(seed)") { try archive.read() }
        }
    }

    @Test(
        "a path that leads out of the folder, or is none, is refused",
        arguments: [
            "../etc/passwd", "base/../../x", "/etc/passwd", "base//1", "base/./1", "..", "", "/", "base/..",
            "base/", "./../x",
        ])
    func paths(_ path: String) {
        let error = refusal(MadeArchive.header(Array(path.utf8)))
        #expect(error?.message.contains("names a path that cannot be one") == true, "\(String(describing: error))")
    }

    @Test("a prefix that leads out is refused too")
    func prefix() {
        let header = MadeArchive.header(Array("x".utf8)) { $0.replaceSubrange(345..<347, with: Array("..".utf8)) }
        #expect(refusal(header)?.message.contains("names a path that cannot be one") == true)
    }

    /// Each with what is wrong with it, and a word of the message.
    private static let headers: [(String, [UInt8], String)] = [
        ("a size of no digits", changed(124, Array("abcdefghijk".utf8)), "number"),
        ("an empty size", changed(124, [UInt8](repeating: 0x20, count: 12)), "number"),
        ("a digit that is not octal", changed(124, Array("00000000008".utf8)), "number"),
        ("a negative size", changed(124, [UInt8](repeating: 0xFF, count: 12)), "number"),
        ("a size beyond 64 bits", changed(124, [0x80, 0, 0, 1] + [UInt8](repeating: 0, count: 8)), "number"),
        ("the largest size", changed(124, [0x80, 0, 0, 0] + [UInt8](repeating: 0xFF, count: 8)), "claims"),
        ("a size above the limit", changed(124, [0x80, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 1]), "claims"),
        ("a time beyond 64 bits", changed(136, [0x80, 0, 0, 0] + [UInt8](repeating: 0xFF, count: 8)), "number"),
        ("an owner beyond 32 bits", changed(108, [0x80, 0, 0, 1, 0, 0, 0, 0]), "owner"),
        ("a folder with content", MadeArchive.header(Array("x".utf8), byteCount: 1, type: "5"), "claims"),
        ("a link with content", MadeArchive.header(Array("x".utf8), byteCount: 1, type: "2"), "claims"),
        ("a hard link", MadeArchive.header(Array("x".utf8), type: "1"), "type 1"),
        ("a device", MadeArchive.header(Array("x".utf8), type: "3"), "type 3"),
        ("an extended header", MadeArchive.header(Array("x".utf8), type: "x"), "type x"),
        ("a long name of GNU", MadeArchive.header(Array("x".utf8), type: "L"), "type L"),
        ("another format", changed(257, Array("rats!".utf8)), "ustar"),
    ]

    private static func changed(_ offset: Int, _ bytes: [UInt8]) -> [UInt8] {
        MadeArchive.header(Array("x".utf8)) { $0.replaceSubrange(offset..<(offset + bytes.count), with: bytes) }
    }

    @Test("a header that cannot be is refused by name though its checksum is right")
    func hostileHeaders() {
        for (what, header, word) in Self.headers {
            let error = refusal(header)
            #expect(
                error?.code == .malformedStream && error?.message.contains(word) == true, "\(what): \(error as Any)")
        }
    }

    @Test("binary sizes of 8 GiB and more are read, and a file that is shorter than its size is refused")
    func binarySize() throws {
        let header = Self.changed(124, [0x80, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 5])
        #expect(try TarHeader.read(header, subject: "x").byteCount == 8 << 30 | 5)
        #expect(refusal(header)?.message == "the archive ends within a file")
    }

    /// Why the archive with this header, and content that fits nothing, is refused.
    private func refusal(_ header: [UInt8]) -> SourceError? {
        var archive = MadeArchive()
        archive.append(header)
        archive.append([UInt8](repeating: 0, count: 1024))
        return #expect(throws: SourceError.self) { try archive.read() }
    }
}
