import Foundation
import Sealing
import Testing

@testable import Repository
@testable import Trees

/// What the vectors of the format say of a repository that restic wrote.
private struct Expected: Decodable {
    struct Item: Decodable {
        struct Snapshot: Decodable {
            let tree: String
        }
        let id: String
        let snapshot: Snapshot
        let nodes: [NodeFacts]
    }
    struct NodeFacts: Decodable, Hashable {
        let path_hex: String
        let type: String
        let mode_go: UInt32
        let uid: UInt32
        let gid: UInt32
        let mtime: String
        let size: UInt64?
        let sha256: String?
        let target_hex: String?
        let blobs: Int?
    }
    struct Blob: Decodable, Hashable {
        let type: String
        let id: String
        let pack: String
        let offset: UInt32
        let length: UInt32
        let uncompressed_length: UInt32?
    }
    let snapshots: [Item]
    let blobs: [Blob]

    static func load() throws -> Expected {
        let data = try Data(contentsOf: URL(fileURLWithPath: Bench.vector("sample-repo.expected.json")))
        return try JSONDecoder().decode(Expected.self, from: data)
    }
}

@Suite struct VectorCheckTests {
    static let negative = [
        "wrong-length-both", "wrong-length-index", "content-null", "time-without-zone", "bit-flip", "false-hard-link",
        "gap-in-pack",
    ]

    @Test("each of the seven damaged repositories gives an error", arguments: negative)
    func damaged(_ name: String) async throws {
        let bench = try await Bench.copy(ofVector: "negative/\(name)")
        let expected: CheckFinding.Code =
            switch name {
            case "wrong-length-both", "bit-flip", "wrong-length-index": .blobDamaged
            case "content-null", "time-without-zone": .treeDamaged
            case "false-hard-link": .falseHardLink
            default: .packSize
            }
        let errors = try await bench.findings().filter { $0.severity == .error }
        #expect(errors.contains { $0.code == expected }, "found \(errors)")
    }

    @Test("what restic 0.19 and 0.14 wrote is clean")
    func sampleIsClean() async throws {
        let bench = try await Bench.copy(ofVector: "sample-repo")
        #expect(try await bench.errors() == [])
    }

    @Test("every node and all content of the sample repository is as its writer says")
    func sampleIsReadable() async throws {
        let bench = try await Bench.copy(ofVector: "sample-repo")
        let expected = try Expected.load()
        let indexed = try await bench.repository.indexed()
        #expect(try await bench.repository.snapshots().entries.count == expected.snapshots.count)
        for item in expected.snapshots {
            let root = try #require(BlobID(hex: item.snapshot.tree))
            let nodes = try await facts(indexed, root, [])
            #expect(Set(nodes) == Set(item.nodes), "snapshot \(item.id)")
        }
    }

    @Test("every blob of the sample repository is where its writer says")
    func sampleBlobs() async throws {
        let bench = try await Bench.copy(ofVector: "sample-repo")
        let indexed = try await bench.repository.indexed()
        let table = indexed.table
        let places = (0..<table.count).map { entry in
            let place = table.place(of: entry)
            return Expected.Blob(
                type: table.type(of: entry).name, id: table.blob(of: entry).hex, pack: table.packs[place.pack].hex,
                offset: place.offset, length: place.byteCount,
                uncompressed_length: place.compressedFrom == 0 ? nil : place.compressedFrom)
        }
        #expect(Set(places) == Set(try Expected.load().blobs))
    }

    private func facts(_ indexed: IndexedRepository, _ tree: BlobID, _ path: [UInt8]) async throws -> [Expected
        .NodeFacts]
    {
        var found = [Expected.NodeFacts]()
        for decoded in try await indexed.tree(tree) {
            let node = decoded.node
            let below = path + [0x2F] + node.name
            let isFile = node.metadata.kind == .file
            var content = [UInt8]()
            for id in node.content { content += try await indexed.blob(id, .data) }
            found.append(
                Expected.NodeFacts(
                    path_hex: hex(below), type: node.metadata.kind.rawValue,
                    mode_go: GoMode.encode(node.metadata.kind, permissions: node.metadata.permissions),
                    uid: node.metadata.userID, gid: node.metadata.groupID, mtime: node.metadata.modified.rfc3339,
                    size: isFile ? node.metadata.byteCount : nil, sha256: isFile ? SHA256.digest(content).hex : nil,
                    target_hex: node.metadata.kind == .symlink ? hex(node.details.linkTarget) : nil,
                    blobs: isFile ? node.content.count : nil))
            if let subtree = node.subtree { found += try await facts(indexed, subtree, below) }
        }
        return found
    }

    private func hex(_ bytes: [UInt8]) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }
}
