import Sealing
import Trees

/// One directory of the parent snapshot, looked through in the order of names together with the directory on disk.
struct ParentTree {
    private let bytes: [UInt8]
    private let nodes: [DecodedNode]
    private var next = 0
    let id: BlobID

    var nodeCount: Int { nodes.count }

    init(id: BlobID, bytes: [UInt8], nodes: [DecodedNode]) {
        self.id = id
        self.bytes = bytes
        self.nodes = nodes
    }

    /// The node of that name. Names must be asked for in ascending order; a listing that is not sorted merely misses some.
    mutating func find(_ name: [UInt8]) -> DecodedNode? {
        while next < nodes.count, nodes[next].node.name.lexicographicallyPrecedes(name) { next += 1 }
        guard next < nodes.count, nodes[next].node.name == name else { return nil }
        return nodes[next]
    }

    /// The node's bytes as they stand in the tree blob.
    func raw(_ node: DecodedNode) -> ArraySlice<UInt8> { bytes[node.raw] }
}

extension Node {
    /// May its details have lost bytes? restic writes U+FFFD for what is not UTF-8 in names of attributes, and before 0.16 in
    /// targets of symlinks; taken over, the loss would go on from snapshot to snapshot.
    var mayBeLossy: Bool {
        let replacement: [UInt8] = [0xEF, 0xBF, 0xBD]
        return details.linkTarget.contains(replacement)
            || details.attributes.contains { $0.name.contains(replacement) }
    }
}

extension Metadata {
    /// Does nothing speak for a change of the file's content? restic asks the same: kind, size, both times and the inode.
    func hasSameContent(as other: Metadata) -> Bool {
        kind == other.kind && byteCount == other.byteCount && modified == other.modified && changed == other.changed
            && inode == other.inode
    }

    /// Is everything that a node stores the same, but for the time of access? With `ctime` unchanged so are owner's names,
    /// link target and extended attributes.
    func isSame(as other: Metadata) -> Bool {
        hasSameContent(as: other) && permissions == other.permissions && userID == other.userID
            && groupID == other.groupID && deviceID == other.deviceID && linkCount == other.linkCount
            && device == other.device
    }
}
