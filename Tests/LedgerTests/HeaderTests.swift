import Sealing
import Testing

@testable import Ledger

@Suite("Headers of events") struct HeaderTests {
    private static let key = VerifyingKey([UInt8](repeating: 0x22, count: 32))
    private static let hash = Digest(bytes: [UInt8](repeating: 0x11, count: 32))

    private func header(previous: Digest? = nil, seen: [EventHead] = []) throws -> EventHeader {
        EventHeader(
            repositoryID: "r", node: "n", sequence: 1, previous: previous, time: EventTime(seconds: 1), kind: .alive,
            payloadHash: try #require(HeaderTests.hash), publicKey: try #require(HeaderTests.key), seen: seen)
    }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    @Test("the example of the format is what is written and read")
    func example() throws {
        let header = try header()
        let expected =
            "6c622d6576656e74" + "0100" + "0100000000000000" + String(repeating: "00", count: 32)
            + "0100000000000000" + "00000000" + String(repeating: "11", count: 32) + String(repeating: "22", count: 32)
            + "010072" + "01006e" + "0500616c697665" + "0000"
        #expect(hex(header.canonicalBytes) == expected)
        #expect(try EventHeader(canonicalBytes: header.canonicalBytes) == header)
        #expect(EventTime(seconds: 1_795_228_399).rfc3339 == "2026-11-21T02:33:19Z")
    }

    @Test("heads of other nodes come in the order of their names' bytes")
    func heads() throws {
        let hash = try #require(HeaderTests.hash)
        let heads = ["b", "a", "a-1"].map { EventHead(node: $0, sequence: 7, hash: hash) }
        let header = try header(previous: hash, seen: heads)
        #expect(header.seen.map(\.node) == ["a", "a-1", "b"])
        #expect(try EventHeader(canonicalBytes: header.canonicalBytes) == header)
    }

    @Test("a header that is cut anywhere, longer, or changed to another format is refused")
    func refused() throws {
        let hash = try #require(HeaderTests.hash)
        let bytes = try header(seen: [EventHead(node: "a", sequence: 7, hash: hash)]).canonicalBytes
        for count in 0..<bytes.count {
            #expect(throws: LedgerError.self, "\(count)") {
                try EventHeader(canonicalBytes: Array(bytes.prefix(count)))
            }
        }
        #expect(throws: LedgerError.self) { try EventHeader(canonicalBytes: bytes + [0]) }
        for (position, value) in [(0, 1), (8, 2), (61, 0xFF), (128, 0xFF)] as [(Int, UInt8)] {
            var changed = bytes
            changed[position] = value
            #expect(throws: LedgerError.self, "\(position)") { try EventHeader(canonicalBytes: changed) }
        }
    }

    @Test(
        "what may be a node's name",
        arguments: [
            ("web1", true), ("db-2.example_x", true), ("", false), ("Web", false), ("a/b", false), ("..", false),
            ("-a", false), (String(repeating: "a", count: 64), false), ("ä", false),
        ])
    func names(name: String, isNode: Bool) {
        #expect(EventName.isNode(name) == isNode)
        #expect(EventName.isNode(Ledger.node(named: name)))
    }
}
