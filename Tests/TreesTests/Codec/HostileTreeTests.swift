import Sealing
import TestSupport
import Testing
import Trees

@Suite("hostile trees")
struct HostileTreeTests {
    private static let digest = String(repeating: "0123456789abcdef", count: 4)

    private func decode(_ fields: String) throws -> Node {
        try #require(try TreeDecoder.decode(Array("{\"nodes\":[{\(fields)}]}".utf8)).first).node
    }

    @Test("deviations that restic reads are read")
    func tolerated() throws {
        let digest = HostileTreeTests.digest
        let file = try decode(
            """
             "content" : [ "\(digest.uppercased())" ] , "subtree":null,"x":{"y":[1.5e3,-0,true,null,"\\u00e9"]},
             "size":18446744073709551615,"generic_attributes":{"a":"b"},"type":"file","name":"a"
            """)
        #expect(file.content.map(\.hex) == [digest])
        #expect(file.metadata.byteCount == .max)
        #expect(file.metadata.modified == .unknown)
        #expect(file.metadata.permissions == 0)
        let link = try decode(
            #""name":"l","type":"symlink","linktarget_raw":"/w==","linktarget":"\ufffd","content":null"#)
        #expect(link.details.linkTarget == [0xFF])
        let broken = try decode(#""name":"a","type":"symlink","content":null"#)
        #expect(broken.details.linkTarget.isEmpty)
        #expect(try decode("\"name\":\"d\",\"type\":\"dir\",\"subtree\":\"\(digest)\"").subtree?.hex == digest)
    }

    @Test(
        "names are read as Go reads literals",
        arguments: [
            (#"\\x41\\u00e9\\U0001F600\\101"#, "Aé😀A"),
            (#"\\a\\b\\f\\n\\r\\t\\v\\\\\\\""#, "\u{7}\u{8}\u{C}\n\r\t\u{B}\\\""),
            (#"\u0001x"#, "\u{1}x"), (#"\\x4a\\x4A"#, "JJ"), (#"\ud83d\ude00"#, "😀"), (#"\ud83d"#, "\u{FFFD}"),
        ])
    func names(json: String, name: String) throws {
        #expect(try decode("\"name\":\"\(json)\",\"type\":\"fifo\"").name == Array(name.utf8))
    }

    @Test(
        "names that are no literals are refused",
        arguments: [
            #"\\'"#, #"\\ud800"#, #"\\U00110000"#, #"\\x4"#, #"\\x"#, #"\\u12"#, #"\\400"#, #"\\08"#, #"\\7"#, #"\\"#,
            #"\\q"#, #"\""#, #"\n"#, #"\\xg0"#,
        ])
    func badNames(json: String) throws {
        let error = #expect(throws: TreeError.self) { try decode("\"name\":\"\(json)\",\"type\":\"fifo\"") }
        #expect(error?.code == .malformedTree)
        #expect(error?.subject == "node 0, field name")
    }

    @Test(
        "bad fields are refused and named",
        arguments: [
            (#""name":"a","type":"file""#, "content"), (#""name":"a","type":"file","content":null"#, "content"),
            (#""name":"a","type":"dir","content":null"#, "subtree"), (#""name":"a","type":"irregular""#, "type"),
            (#""name":"a""#, "type"), (#""type":"fifo","mtime":"2026-01-02T03:04:05""#, "mtime"),
            (#""type":"fifo","mtime":"2026-01-02 03:04:05Z""#, "mtime"), (#""type":"fifo","mtime":"""#, "mtime"),
            (#""type":"fifo","atime":"2026-02-29T03:04:05Z""#, "atime"),
            (#""type":"fifo","ctime":"2026-01-02T03:04:60Z""#, "ctime"),
            (#""type":"fifo","ctime":"12026-01-02T03:04:50Z""#, "ctime"),
            (#""type":"fifo","ctime":"2026-01-02T03:04:05.Z""#, "ctime"),
            (#""type":"fifo","ctime":"2026-01-02T03:04:05+24:00""#, "ctime"),
            (#""type":"fifo","ctime":"2026-01-02T03:04:05Z[a]""#, "ctime"),
            (#""type":"fifo","uid":-1"#, "uid"), (#""type":"fifo","uid":1.0"#, "uid"),
            (#""type":"fifo","gid":1e3"#, "gid"),
            (#""type":"fifo","gid":"0""#, "gid"), (#""type":"fifo","gid":4294967296"#, "gid"),
            (#""type":"fifo","mode":01"#, "mode"),
            (#""type":"fifo","size":18446744073709551616"#, "size"), (#""type":"file","content":["00"]"#, "content"),
            (#""type":"dir","subtree":"zz""#, "subtree"),
            (#""type":"fifo","extended_attributes":[{"name":"a","value":"!"}]"#, "extended_attributes"),
            (#""type":"symlink","linktarget_raw":"YQ""#, "linktarget_raw"),
            (#""type":"symlink","linktarget":"\x""#, "linktarget"),
        ])
    func badFields(fields: String, field: String) throws {
        let error = #expect(throws: TreeError.self) { try decode(fields) }
        #expect(error?.code == .malformedTree)
        #expect(error?.subject == "node 0, field \(field)")
    }

    @Test(
        "what is no tree at all is refused",
        arguments: [
            "", "{}", "{\"nodes\":null}", "{\"nodes\":[null]}", "{\"nodes\":{}}", "[]", "{\"nodes\":[]}x",
            "{\"nodes\":[",
            "{\"nodes\":[]", "{\"nodes\":[{}]}", "{\"nodes\":[],}", "{\"nodes\":[,]}", "\u{FEFF}{\"nodes\":[]}",
        ])
    func noTrees(text: String) {
        let error = #expect(throws: TreeError.self) { try TreeDecoder.decode(Array(text.utf8)) }
        #expect(error?.code == .malformedTree)
        #expect(error?.hint.isEmpty == false)
    }

    @Test("a tree cut short or with one byte changed never crashes the decoder", arguments: [11, 12])
    func damaged(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var whole = node(Array("n\"ä\u{1}\\".utf8))
        whole.content = [BlobID(Digest(words: (1, 2, 3, 4)))]
        whole.details.attributes = [ExtendedAttribute(name: [0x61], value: [1, 2, 3, 4])]
        var builder = TreeBuilder()
        builder.append(whole)
        builder.append(node([0xFF], kind: .directory))
        let bytes = builder.finish()
        for length in 0..<bytes.count - 1 {
            #expect(throws: TreeError.self) { try TreeDecoder.decode(Array(bytes[..<length])) }
        }
        var readable = 0
        for _ in 0..<20_000 {
            var copy = bytes
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                copy[.random(in: copy.indices, using: &generator)] = UInt8(truncatingIfNeeded: generator.next())
            }
            if let nodes = try? TreeDecoder.decode(copy) {  // an error is as good as a reading
                readable += 1
                for node in nodes { #expect(node.raw.upperBound <= copy.count) }
            }
        }
        #expect(readable > 100 && readable < 20_000, "seed \(seed): \(readable)")
    }

    @Test("unsafe, unsorted and doubled names are read and reported")
    func problems() throws {
        let names = ["", ".", "..", "a/b", "a\\u0000", "b", "b", "a", "c", "b"]
        let nodes = names.map { name in
            let quoted = name.replacing("\\u0000", with: "\\\\x00")
            return "{\"name\":\"\(quoted)\",\"type\":\"fifo\"}"
        }
        let decoded = try TreeDecoder.decode(Array("{\"nodes\":[\(nodes.joined(separator: ","))]}".utf8))
        #expect(decoded.map(\.node.hasSafeName) == [false, false, false, false, false, true, true, true, true, true])
        let problems = TreeProblem.find(in: decoded)
        #expect(problems.filter { $0.code == .emptyName }.map(\.nodeIndex) == [0])
        #expect(problems.filter { $0.code == .unsafeName }.map(\.nodeIndex) == [1, 2, 3, 4])
        #expect(problems.filter { $0.code == .unsorted }.map(\.nodeIndex) == [4, 7, 9])
        #expect(problems.filter { $0.code == .duplicateName }.map(\.nodeIndex) == [6, 9])
        #expect(problems.first { $0.nodeIndex == 4 }?.name == "a\\x00")
    }

    @Test("printable names carry no control characters")
    func printable() {
        #expect(RawName.printable([0x61, 0x1B, 0x5B, 0xFF, 0x0A, 0xC2, 0xA0]) == "a\\x1b[\\xff\\n\\u00a0")
        #expect(RawName.printable(Array("grüße 日本\u{202E}".utf8)) == "grüße 日本\\u202e")
    }
}
