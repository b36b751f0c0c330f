import Sealing
import Testing
import Trees

@Suite("tree codec against vectors of restic")
struct VectorTests {
    struct NameVector: Decodable {
        let bytesHex: String
        let name: String
        let json: String
        let older: String?

        enum CodingKeys: String, CodingKey {
            case bytesHex = "bytes_hex"
            case name, json
            case older = "name_by_restic_0.14"
        }
    }

    @Test("310 names are quoted as restic quotes them, and read back")
    func names() throws {
        let vectors = try Vectors.load("names.json", as: [NameVector].self)
        #expect(vectors.count == 310)
        for vector in vectors {
            let bytes = Vectors.bytes(hex: vector.bytesHex)
            let text = encoded(node(bytes))
            // Both readings of the four names that differ are right: the Unicode version of the writer decides.
            let isKnown = text.hasPrefix("{\"name\":\(vector.json),")
            #expect(isKnown || vector.older != nil, "\(vector.bytesHex): \(text)")
            #expect(isKnown, "\(vector.bytesHex) is quoted as by restic 0.14, not 0.19.1")
            let decoded = try TreeDecoder.decode(Array("{\"nodes\":[\(text)]}\n".utf8))
            #expect(decoded.map(\.node.name) == [bytes])
            if let older = vector.older {
                let escaped = older.replacing("\\", with: "\\\\")
                let tree = "{\"nodes\":[{\"name\":\"\(escaped)\",\"type\":\"fifo\"}]}"
                #expect(try TreeDecoder.decode(Array(tree.utf8)).map(\.node.name) == [bytes])
            }
        }
    }

    struct ModeVectors: Decodable {
        struct Mode: Decodable {
            let what: String
            let type: String
            let st_mode_octal: String
            let mode: UInt32?
            let device: UInt64?
        }
        let modes: [Mode]
        let sockets: Socket
        struct Socket: Decodable {
            let type: String
            let st_mode_octal: String
            let mode: UInt32
        }
    }

    @Test("st_mode becomes Go's mode and comes back")
    func modes() throws {
        let vectors = try Vectors.load("modes.json", as: ModeVectors.self)
        for vector in vectors.modes {
            try expect(vector.type, vector.st_mode_octal, mode: vector.mode, device: vector.device ?? 0)
        }
        try expect(vectors.sockets.type, vectors.sockets.st_mode_octal, mode: vectors.sockets.mode, device: 0)
    }

    private func expect(_ type: String, _ octal: String, mode: UInt32?, device: UInt64) throws {
        let kind = try #require(NodeKind(rawValue: type))
        let permissions = try #require(UInt32(octal, radix: 8)) & 0o7777
        var one = node([0x61], kind: kind, permissions: permissions)
        one.metadata.device = device
        let text = encoded(one)
        if let mode {
            #expect(text.contains("\"type\":\"\(type)\",\"mode\":\(mode),"), "\(text)")
        } else {
            #expect(!text.contains("\"mode\""))
        }
        let decoded = try #require(try TreeDecoder.decode(Array("{\"nodes\":[\(text)]}".utf8)).first).node
        #expect(decoded.metadata.permissions == permissions)
        #expect(decoded.metadata.kind == kind)
        #expect(decoded.metadata.device == device)
    }

    struct TimeVectors: Decodable {
        struct Time: Decodable {
            let nanoseconds: Int64?
            let text: String

            enum CodingKeys: String, CodingKey {
                case nanoseconds = "ns_since_epoch"
                case text = "written_with_TZ_Asia/Kolkata"
            }

            /// One vector lies beyond what 64 bits of nanoseconds hold.
            init(from decoder: any Decoder) throws {
                let container = try decoder.container(keyedBy: CodingKeys.self)
                nanoseconds = try? container.decode(Int64.self, forKey: .nanoseconds)
                text = try container.decode(String.self, forKey: .text)
            }
        }
        let mtime: [Time]
    }

    @Test("times in any zone are read to the nanosecond")
    func times() throws {
        for vector in try Vectors.load("times.json", as: TimeVectors.self).mtime {
            let tree = "{\"nodes\":[{\"name\":\"a\",\"type\":\"fifo\",\"mtime\":\"\(vector.text)\"}]}"
            let time = try #require(try TreeDecoder.decode(Array(tree.utf8)).first).node.metadata.modified
            let expected =
                vector.nanoseconds.map { nanoseconds in
                    let seconds = (nanoseconds - (nanoseconds < 0 ? 999_999_999 : 0)) / 1_000_000_000
                    return Timestamp(seconds: seconds, nanoseconds: UInt32(nanoseconds - seconds * 1_000_000_000))
                } ?? Timestamp(seconds: 13_569_465_600, nanoseconds: 1)
            #expect(time == expected)
        }
    }

    struct TreeVector: Decodable {
        let tree_json_hex: String
        let id: String
    }

    @Test("trees are read and written again byte for byte")
    func trees() throws {
        for vector in try Vectors.load("trees.json", as: [TreeVector].self) {
            let bytes = Vectors.bytes(hex: vector.tree_json_hex)
            let nodes = try TreeDecoder.decode(bytes)
            var builder = TreeBuilder()
            var copier = TreeBuilder()
            for node in nodes {
                builder.append(node.node)
                copier.append(raw: bytes[node.raw], name: node.node.name)
            }
            #expect(builder.isAscending)
            #expect(TreeProblem.find(in: nodes).isEmpty)
            #expect(builder.finish() == bytes)
            #expect(copier.finish() == bytes)
        }
    }
}
