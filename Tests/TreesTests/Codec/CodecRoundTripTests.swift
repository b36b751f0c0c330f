import Sealing
import TestSupport
import Testing
import Trees

@Suite("tree codec round trips")
struct RoundTripTests {
    @Test("random nodes come back as they were and their bytes stand where the decoder says", arguments: [1, 2, 3, 4])
    func random(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let nodes = (0..<500).map { _ in randomNode(&generator) }
        var builder = TreeBuilder()
        for node in nodes { builder.append(node) }
        let bytes = builder.finish()
        let decoded = try TreeDecoder.decode(bytes)
        #expect(decoded.count == nodes.count)
        for (one, other) in zip(decoded, nodes) {
            #expect(one.node == other, "seed \(seed)")
            #expect(String(decoding: bytes[one.raw], as: UTF8.self) == encoded(other), "seed \(seed)")
        }
    }

    private func randomNode(_ generator: inout SeededGenerator) -> Node {
        let kind = NodeKind.allCases.randomElement(using: &generator) ?? .file
        func time() -> Timestamp {
            Timestamp(
                seconds: .random(in: -62_167_219_200...253_402_300_799, using: &generator),
                nanoseconds: .random(in: 0..<1_000, using: &generator)
                    * ([1, 1_000, 1_000_000].randomElement(using: &generator) ?? 1))
        }
        func shifted() -> UInt64 { generator.next() >> UInt64.random(in: 0...63, using: &generator) }
        func id() -> BlobID {
            BlobID(Digest(words: (generator.next(), generator.next(), generator.next(), generator.next())))
        }
        var metadata = Metadata(
            kind: kind, permissions: .random(in: 0...0o7777, using: &generator), modified: time(), accessed: time(),
            changed: time(), userID: .random(in: 0...(.max), using: &generator),
            groupID: .random(in: 0...(.max), using: &generator), inode: shifted(),
            deviceID: generator.next() >> 40, linkCount: 0)
        if kind == .file { metadata.byteCount = shifted() }
        if [.file, .symlink, .blockDevice, .characterDevice].contains(kind) {
            metadata.linkCount = generator.next() >> 50
        }
        if [.blockDevice, .characterDevice].contains(kind) { metadata.device = generator.next() }
        var details = NodeDetails()
        if Bool.random(using: &generator) { details.user = randomText(&generator) }
        if Bool.random(using: &generator) { details.group = "www-data" }
        if kind == .symlink { details.linkTarget = generator.bytes(.random(in: 1...40, using: &generator)) }
        for index in 0..<Int.random(in: 0...3, using: &generator) {
            let value = generator.bytes(.random(in: 0...70, using: &generator))
            details.attributes.append(ExtendedAttribute(name: Array("user.\(index)<".utf8), value: value))
        }
        let count = [0, 1, 2, 13, 14, 15, 28, 29, 100].randomElement(using: &generator) ?? 0
        return Node(
            name: generator.bytes(.random(in: 1...255, using: &generator)), metadata: metadata, details: details,
            content: kind == .file ? (0..<count).map { _ in id() } : [], subtree: kind == .directory ? id() : nil)
    }

    private func randomText(_ generator: inout SeededGenerator) -> String {
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 1...20, using: &generator) {
            text.append(Unicode.Scalar(UInt32.random(in: 0...0x10FFFF, using: &generator)) ?? "\u{2028}")
        }
        return String(text)
    }

    @Test("every scalar of Unicode survives as a name")
    func everyScalar() throws {
        var builder = TreeBuilder()
        var names = [[UInt8]]()
        for start in stride(from: UInt32(0), through: 0x10FFFF, by: 64) {
            var name = String.UnicodeScalarView()
            for value in start..<start + 64 { Unicode.Scalar(value).map { name.append($0) } }
            guard !name.isEmpty else { continue }
            names.append(Array(String(name).utf8))
            builder.append(node(Array(String(name).utf8)))
        }
        #expect(try TreeDecoder.decode(builder.finish()).map(\.node.name) == names)
    }

    @Test(
        "times are written as restic writes them",
        arguments: [
            (0, 0, "1970-01-01T00:00:00Z"), (-1, 999_999_999, "1969-12-31T23:59:59.999999999Z"),
            (951_782_399, 500_000_000, "2000-02-28T23:59:59.5Z"), (951_782_400, 10, "2000-02-29T00:00:00.00000001Z"),
            (-62_135_596_800, 0, "0001-01-01T00:00:00Z"), (253_402_300_800, 0, "9999-01-01T00:00:00Z"),
            (-62_167_219_201, 0, "0000-12-31T23:59:59Z"), (.max, 1, "9999-12-04T15:30:07.000000001Z"),
        ] as [(Int64, UInt32, String)])
    func times(seconds: Int64, nanoseconds: UInt32, text: String) {
        let written = encoded(node([0x61], modified: Timestamp(seconds: seconds, nanoseconds: nanoseconds)))
        #expect(written.contains("\"mtime\":\"\(text)\""), "\(written)")
    }

    @Test("every day from 1600 to 2400 is a date and comes back")
    func calendar() throws {
        var builder = TreeBuilder()
        let seconds = stride(from: Int64(-11_676_096_000), to: 13_569_465_600, by: 86_400 + 3_601)
        for second in seconds { builder.append(node([0x61], kind: .fifo, modified: Timestamp(seconds: second))) }
        let decoded = try TreeDecoder.decode(builder.finish())
        #expect(decoded.map(\.node.metadata.modified.seconds) == Array(seconds))
    }

    @Test("a link target that is not UTF-8 is written twice, lossy and raw")
    func rawTarget() {
        var link = node([0x6C], kind: .symlink)
        link.details.linkTarget = [0x61, 0xFF, 0xFE, 0x3C]
        #expect(
            encoded(link).contains(
                "\"linktarget\":\"a\u{FFFD}\u{FFFD}\\u003c\",\"linktarget_raw\":\"Yf/+PA==\",\"content\":null}"))
    }

    @Test("control characters in other strings are escaped as in JSON")
    func controls() {
        var link = node([0x6C], kind: .symlink)
        link.details.linkTarget = [0, 7, 8, 9, 10, 11, 12, 13, 0x1F, 0x7F, 0x22, 0x5C, 0x2F]
        #expect(encoded(link).contains(#""linktarget":"\u0000\u0007\b\t\n\u000b\f\r\u001f\#u{7F}\"\\/""#))
    }

    @Test("a builder tells whether names ascend, and is empty after it finished")
    func builder() {
        var builder = TreeBuilder()
        for name: [UInt8] in [[0x61], [0x61, 0], [0x62], [0xFF]] { builder.append(node(name)) }
        #expect(builder.isAscending)
        #expect(builder.count == 4)
        builder.append(node([0xFF]))
        #expect(!builder.isAscending)
        _ = builder.finish()
        #expect(builder.finish() == Array("{\"nodes\":[]}\n".utf8))
        #expect(builder.isAscending)
    }
}
