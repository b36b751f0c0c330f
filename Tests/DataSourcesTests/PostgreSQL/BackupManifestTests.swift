import FoundationEssentials
import Sealing
import TestSupport
import Testing
import Trees

@testable import DataSources

@Suite("the manifest of a base, and places in the log")
struct BackupManifestTests {
    /// A manifest as pg_basebackup writes it, with a checksum that is right.
    static func made(
        files: String = #"{ "Path": "base/1", "Size": 8192 }, { "Encoded-Path": "62ff", "Size": 3 }"#,
        ranges: String = #"{ "Timeline": 1, "Start-LSN": "0/2000028", "End-LSN": "0/2000100" }"#
    ) -> [UInt8] {
        let text = """
            { "PostgreSQL-Backup-Manifest-Version": 1,
            "Files": [\(files)],
            "WAL-Ranges": [\(ranges)],

            """
        return sealed(Array(text.utf8))
    }

    static func sealed(_ bytes: [UInt8]) -> [UInt8] {
        bytes + Array("\"Manifest-Checksum\": \"\(SHA256.digest(bytes).hex)\"}\n".utf8)
    }

    @Test("a manifest gives its files and the log that is needed")
    func whole() throws {
        let manifest = try BackupManifest(Self.made())
        #expect(manifest.files["base/1"] == 8192 && manifest.files.count == 2)
        #expect(manifest.ranges.map(\.end.description) == ["0/2000100"])
    }

    @Test("a manifest that ends early is refused, wherever it ends")
    func truncated() {
        let whole = Self.made()
        for count in 0..<whole.count {
            let error = #expect(throws: SourceError.self, "\(count) bytes") {
                try BackupManifest(Array(whole[..<count]))
            }
            #expect(error?.code == .malformedStream)
        }
    }

    @Test("a byte that is changed is noticed, whichever it is")
    func changed() {
        let whole = Self.made()
        // Digits of the checksum may change their case; nothing else may change.
        for place in whole.indices where !(0x61...0x66).contains(whole[place]) || place < whole.count - 66 {
            var bytes = whole
            bytes[place] ^= 0x20
            #expect(throws: SourceError.self, "byte \(place)") { try BackupManifest(bytes) }
        }
    }

    @Test(
        "a manifest that says what cannot be is refused though its checksum is right",
        arguments: [
            made(ranges: ""), made(ranges: #"{ "Timeline": 1, "Start-LSN": "0/3000000", "End-LSN": "0/2000000" }"#),
            made(ranges: #"{ "Timeline": 0, "Start-LSN": "0/1", "End-LSN": "0/2" }"#),
            made(ranges: #"{ "Timeline": 1, "Start-LSN": "2000028", "End-LSN": "0/2" }"#),
            made(files: #"{ "Size": 1 }"#), made(files: #"{ "Path": "x", "Size": -1 }"#),
            made(files: #"{ "Encoded-Path": "6", "Size": 1 }"#), made(files: #"{ "Encoded-Path": "zz", "Size": 1 }"#),
            made(files: #"{ "Path": "x", "Size": 1e30 }"#), sealed(Array("{}\n".utf8)), sealed([0x0A]),
        ])
    func impossible(_ bytes: [UInt8]) {
        let error = #expect(throws: SourceError.self, "\(String(decoding: bytes, as: UTF8.self))") {
            try BackupManifest(bytes)
        }
        #expect(error?.code == .malformedStream)
    }

    @Test(
        "a label without the beginning of the base is refused",
        arguments: ["", "START WAL LOCATION: x\nSTART TIMELINE: 1\n", "START WAL LOCATION: 0/2000028 (file 0)\n"])
    func labels(_ text: String) {
        #expect(throws: SourceError.self) { try BackupLabel(Array(text.utf8)) }
    }

    // MARK: LSN

    @Test(
        "a place in the log is read and written as PostgreSQL does",
        arguments: [("0/0", 0), ("16/B374D848", 0x16_B374_D848), ("FFFFFFFF/FFFFFFFF", .max), ("0/A", 10)])
    func places(_ text: String, _ count: UInt64) throws {
        let place = try #require(LSN(text))
        #expect(place.byteCount == count && place.description == text)
    }

    @Test(
        "what is no place in the log is refused",
        arguments: [
            "", "/", "0", "0/", "/0", "0/0/0", "-1/0", "+1/0", "0/+1", "0/-1", "100000000/0", "0/000000001", "0/G",
            " 0/0",
            "0/0 ", "0x1/0", "٣/0",
        ])
    func noPlaces(_ text: String) { #expect(LSN(text) == nil) }

    @Test("segments are named as the server names them, across the end of a file of 4 GiB too")
    func segments() throws {
        let (from, to) = (try #require(LSN("0/FE000028")), try #require(LSN("1/1000001")))
        #expect(
            Array(from.segmentNames(to: to, timeline: 0x1F, segmentByteCount: 1 << 24)) == [
                "0000001F00000000000000FE", "0000001F00000000000000FF", "0000001F0000000100000000",
                "0000001F0000000100000001",
            ])
        #expect(Array(to.segmentNames(to: to, timeline: 1, segmentByteCount: 1 << 24)) == [])
        let end = LSN(byteCount: 2 << 24)
        #expect(
            Array(LSN(byteCount: 1 << 24).segmentNames(to: end, timeline: 1, segmentByteCount: 1 << 24)) == [
                "000000010000000000000001"
            ])
        // A server can claim this; it must cost nothing to look at the first name.
        let all = LSN(byteCount: 0).segmentNames(to: LSN(byteCount: .max), timeline: 1, segmentByteCount: 1 << 20)
        #expect(all.first == "000000010000000000000000")
    }
}
