import Sealing
import TestSupport
import Testing

@testable import DataSources

/// A stream made by hand.
struct MadeStream {
    var bytes: [UInt8] = []

    static func little(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }

    mutating func head(_ kind: Character, _ path: String, flags: UInt8 = 0) {
        bytes += Array("XBSTCK01".utf8) + [flags, kind.asciiValue ?? 0]
        bytes += MadeStream.little(UInt64(path.utf8.count), 4) + Array(path.utf8)
    }

    mutating func payload(_ path: String, _ content: [UInt8], at offset: UInt64, checksum: UInt32? = nil) {
        head("P", path)
        var crc = CRC32()
        content.withUnsafeBytes { crc.update($0) }
        bytes += MadeStream.little(UInt64(content.count), 8) + MadeStream.little(offset, 8)
        bytes += MadeStream.little(UInt64(checksum ?? crc.value), 4) + content
    }

    mutating func end(_ path: String) { head("E", path) }

    /// Two files whose chunks are mixed, and an empty one.
    static var whole: MadeStream {
        var stream = MadeStream()
        stream.payload("./app/t.ibd", [1, 2, 3], at: 0)
        stream.payload("ibdata1", Array(repeating: 7, count: 5000), at: 0)
        stream.payload("./app/t.ibd", [4], at: 3)
        stream.end("ibdata1")
        stream.end("./app/t.ibd")
        stream.end("app/empty.isl")
        return stream
    }

    /// Reads it; gives the files by name.
    func read() throws -> [String: [UInt8]] {
        var rest = bytes[...]
        var reader = XBStreamReader { buffer in
            let count = min(buffer.count, rest.count)
            buffer.copyBytes(from: rest.prefix(count))
            rest = rest.dropFirst(count)
            return count
        }
        var files = GatheredFiles()
        try reader.read(into: &files)
        #expect(files.open.isEmpty)
        return files.finished
    }
}

private struct GatheredFiles: XBStreamReader.Receiver {
    var open: [String: [UInt8]] = [:]
    var finished: [String: [UInt8]] = [:]

    private func name(_ path: [[UInt8]]) -> String {
        path.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "/")
    }

    mutating func begin(_ path: [[UInt8]]) throws { open[name(path)] = [] }
    mutating func write(_ bytes: UnsafeRawBufferPointer, to path: [[UInt8]]) throws {
        open[name(path), default: []] += Array(bytes)
    }
    mutating func finish(_ path: [[UInt8]]) throws { finished[name(path)] = open.removeValue(forKey: name(path)) }
}

@Suite("xbstream")
struct XBStreamTests {
    @Test("CRC-32 is that of zlib")
    func checksum() {
        var crc = CRC32()
        Array("123456789".utf8).withUnsafeBytes { crc.update($0) }
        #expect(crc.value == 0xCBF4_3926)
    }

    @Test("chunks of several files are put together, and an empty file is its end alone")
    func whole() throws {
        let files = try MadeStream.whole.read()
        #expect(files["app/t.ibd"] == [1, 2, 3, 4])
        #expect(files["ibdata1"]?.count == 5000)
        #expect(files["app/empty.isl"] == [])
        #expect(files.count == 3)
    }

    @Test("a stream that ends anywhere before its end is refused")
    func truncated() {
        let whole = MadeStream.whole
        // The last chunk is an empty file of its own, so what ends before it is whole by itself.
        let last = whole.bytes.count - 14 - "app/empty.isl".utf8.count
        for length in 0..<whole.bytes.count where length != last {
            var stream = whole
            stream.bytes.removeLast(whole.bytes.count - length)
            #expect(throws: SourceError.self, "\(length) bytes") { try stream.read() }
        }
    }

    @Test("a flipped bit in a chunk's head or content is refused")
    func flipped() {
        let whole = MadeStream.whole
        // Beyond the paths of end chunks, which name another file when they change: then one lacks its end.
        for position in whole.bytes.indices {
            var stream = whole
            stream.bytes[position] ^= 0x10
            let isLastPath = position >= whole.bytes.count - "app/empty.isl".utf8.count
            let isIgnorable = false
            if isLastPath || isIgnorable { continue }
            #expect(throws: SourceError.self, "byte \(position)") { try stream.read() }
        }
    }

    @Test(
        "what cannot be is refused, and says what it is",
        arguments: [
            ("P", "../etc/passwd", "leads out"), ("P", "/etc/passwd", "leads out"), ("E", "a/../b", "leads out"),
            ("E", "a//b", "leads out"), ("R", "a", "renamed"), ("D", "a", "dropped"), ("S", "a", "written anew"),
            ("X", "a", "unknown type"),
        ])
    func refused(_ kind: String, _ path: String, _ what: String) throws {
        var stream = MadeStream.whole
        if kind == "P" { stream.payload(path, [1], at: 0) } else { stream.head(Character(kind), path) }
        let error = #expect(throws: SourceError.self) { try stream.read() }
        #expect(error?.code == .malformedStream)
        #expect(error?.message.contains(what) == true, "\(error?.message ?? "")")
    }

    @Test("holes, wrong checksums, trailing bytes, chunks behind the end and huge lengths are refused")
    func malformed() {
        var hole = MadeStream.whole
        hole.payload("b", [1], at: 1)
        var checksum = MadeStream.whole
        checksum.payload("b", [1], at: 0, checksum: 1)
        checksum.end("b")
        var trailing = MadeStream.whole
        trailing.bytes += [0]
        var behind = MadeStream.whole
        behind.payload("ibdata1", [1], at: 5000)
        var twice = MadeStream.whole
        twice.end("ibdata1")
        var huge = MadeStream.whole
        huge.head("P", "b")
        huge.bytes += MadeStream.little(.max, 8) + MadeStream.little(0, 8) + MadeStream.little(0, 4)
        var path = MadeStream.whole
        path.bytes += Array("XBSTCK01".utf8) + [0, 0x50] + MadeStream.little(0xFFFF_FFFF, 4)
        for stream in [hole, checksum, trailing, behind, twice, huge, path] {
            #expect(throws: SourceError.self) { try stream.read() }
        }
    }
}
