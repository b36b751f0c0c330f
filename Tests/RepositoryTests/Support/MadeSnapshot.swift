import ObjectStore
import Sealing
import Trees

@testable import Repository

/// Builds packs, trees and snapshots by hand, right or wrong, to see what reading makes of them.
final class MadeSnapshot {
    let stage: Stage
    private var sealer: Sealer
    private var blobs: [BlobType: [(id: BlobID, plain: [UInt8])]] = [:]

    init(_ stage: Stage) {
        self.stage = stage
        sealer = Sealer(key: stage.repository.key)
    }

    /// A data blob of these bytes.
    @discardableResult
    func data(_ plain: [UInt8]) -> BlobID { add(plain, .data) }

    /// A tree blob of these nodes, in the order given, whatever their names.
    func tree(_ nodes: [Node]) -> BlobID {
        var bytes = Array("{\"nodes\":[".utf8)
        for (number, node) in nodes.enumerated() {
            if number > 0 { bytes.append(UInt8(ascii: ",")) }
            TreeEncoder.append(node, to: &bytes)
        }
        return add(bytes + Array("]}\n".utf8), .tree)
    }

    func add(_ plain: [UInt8], _ type: BlobType) -> BlobID {
        let id = BlobID(SHA256.digest(plain))
        blobs[type, default: []].append((id, plain))
        return id
    }

    /// A file node with this content, which need not be there.
    static func file(_ name: String, _ content: [BlobID], byteCount: UInt64, inode: UInt64 = 0, links: UInt64 = 1)
        -> Node
    {
        var metadata = ScriptedSource.metadata(byteCount: byteCount, inode: inode)
        metadata.linkCount = links
        return Node(name: Array(name.utf8), metadata: metadata, content: content)
    }

    static func directory(_ name: String, _ tree: BlobID) -> Node {
        Node(name: Array(name.utf8), metadata: ScriptedSource.metadata(.directory), subtree: tree)
    }

    static func symlink(_ name: String, to target: String) -> Node {
        var details = NodeDetails()
        details.linkTarget = Array(target.utf8)
        return Node(name: Array(name.utf8), metadata: ScriptedSource.metadata(.symlink), details: details)
    }

    /// Stores what was added as one pack for each type, and an index of them. Gives the packs, data first.
    @discardableResult
    func flush(change: (inout [PackRecord]) -> Void = { _ in }) async throws -> [PackRecord] {
        var records = [PackRecord]()
        for type in BlobType.allCases {
            guard let blobs = blobs[type] else { continue }
            let builder = PackBuilder()
            for blob in blobs { append(blob.id, type, blob.plain, to: builder) }
            let record = builder.finish(sealer: &sealer)
            try await stage.store.put(Layout.pack(record.id), builder.bytes)
            records.append(record)
        }
        blobs = [:]
        var listed = records
        change(&listed)
        _ = try await stage.repository.save(Layout.indexes, json: IndexFile.json(listed))
        return records
    }

    private func append(_ id: BlobID, _ type: BlobType, _ plain: [UInt8], to builder: PackBuilder) {
        plain.withUnsafeBytes { bytes in
            builder.append(id, type, bytes, compressedFrom: 0, sealer: &sealer)
        }
    }

    /// Stores all of it and a snapshot of `tree`.
    @discardableResult
    func save(tree: BlobID, path: String = "/made-up") async throws -> SnapshotID {
        try await flush()
        var snapshot = Snapshot(time: Stage.now().rfc3339, tree: tree, paths: [path])
        snapshot.hostname = Stage.host
        return try await stage.repository.save(snapshot)
    }
}
