import Sealing

/// Reads the nodes of one tree and knows where it is, for the message when it fails.
struct NodeReader {
    /// Nodes read so far, which is the index of the one being read; nil outside the list.
    private(set) var nodeCount: Int?
    /// Field being read; empty outside a node.
    private(set) var field = ""

    /// About what restic's nodes take: enough memory is reserved, and never more than the text is worth.
    private static let usualNodeByteCount = 320

    mutating func tree(_ text: JSONCursor) throws(JSONError) -> [DecodedNode] {
        var cursor = text
        var nodes: [DecodedNode]?
        try cursor.object { cursor, key throws(JSONError) in
            if key == "nodes" {
                nodes = try list(&cursor)
            } else {
                try cursor.skipValue()
            }
        }
        try cursor.end()
        guard let nodes else { throw JSONError("no list of nodes", at: cursor.offset) }
        return nodes
    }

    private mutating func list(_ cursor: inout JSONCursor) throws(JSONError) -> [DecodedNode] {
        var nodes = [DecodedNode]()
        nodes.reserveCapacity(cursor.byteCount / NodeReader.usualNodeByteCount + 1)
        try cursor.array { cursor throws(JSONError) in
            nodeCount = nodes.count
            _ = cursor.peek()
            let start = cursor.offset
            let node = try self.node(&cursor)
            nodes.append(DecodedNode(node: node, raw: start..<cursor.offset))
        }
        nodeCount = nil
        return nodes
    }

    /// What must be there for a node to mean anything.
    private struct Seen {
        var kind = false
        var content = false
    }

    private mutating func node(_ cursor: inout JSONCursor) throws(JSONError) -> Node {
        let start = cursor.offset
        var node = Node(name: [], metadata: Metadata(kind: .file, permissions: 0, modified: .unknown, linkCount: 0))
        var seen = Seen()
        try cursor.object { cursor, key throws(JSONError) in
            if cursor.null() { return }
            do throws(JSONError) {
                switch key.byteCount {
                case 3, 4: try NodeReader.short(key, &cursor, &node, &seen)
                case 5, 6: try NodeReader.middle(key, &cursor, &node)
                default: try NodeReader.long(key, &cursor, &node, &seen)
                }
            } catch {
                field = key.text
                throw error
            }
        }
        guard seen.kind else { throw missing("type", at: start) }
        if node.metadata.kind == .file, !seen.content { throw missing("content", at: start) }
        if node.metadata.kind == .directory, node.subtree == nil { throw missing("subtree", at: start) }
        return node
    }

    private mutating func missing(_ name: String, at offset: Int) -> JSONError {
        field = name
        return JSONError("missing or null", at: offset)
    }

    @inline(__always)
    private static func short(
        _ key: JSONCursor.Key, _ cursor: inout JSONCursor, _ node: inout Node, _ seen: inout Seen
    ) throws(JSONError) {
        if key == "name" {
            node.name = try name(&cursor)
        } else if key == "type" {
            node.metadata.kind = try kind(&cursor)
            seen.kind = true
        } else if key == "mode" {
            node.metadata.permissions = GoMode.permissions(try cursor.unsigned(as: UInt32.self))
        } else if key == "uid" {
            node.metadata.userID = try cursor.unsigned(as: UInt32.self)
        } else if key == "gid" {
            node.metadata.groupID = try cursor.unsigned(as: UInt32.self)
        } else if key == "size" {
            node.metadata.byteCount = try cursor.unsigned()
        } else if key == "user" {
            node.details.user = try text(&cursor)
        } else {
            try cursor.skipValue()
        }
    }

    @inline(__always)
    private static func middle(
        _ key: JSONCursor.Key, _ cursor: inout JSONCursor, _ node: inout Node
    ) throws(JSONError) {
        if key == "mtime" {
            node.metadata.modified = try time(&cursor)
        } else if key == "atime" {
            node.metadata.accessed = try time(&cursor)
        } else if key == "ctime" {
            node.metadata.changed = try time(&cursor)
        } else if key == "inode" {
            node.metadata.inode = try cursor.unsigned()
        } else if key == "links" {
            node.metadata.linkCount = try cursor.unsigned()
        } else if key == "group" {
            node.details.group = try text(&cursor)
        } else if key == "device" {
            node.metadata.device = try cursor.unsigned()
        } else {
            try cursor.skipValue()
        }
    }

    @inline(__always)
    private static func long(
        _ key: JSONCursor.Key, _ cursor: inout JSONCursor, _ node: inout Node, _ seen: inout Seen
    ) throws(JSONError) {
        if key == "device_id" {
            node.metadata.deviceID = try cursor.unsigned()
        } else if key == "content" {
            node.content = try content(&cursor)
            seen.content = true
        } else if key == "subtree" {
            node.subtree = BlobID(try cursor.digest())
        } else if key == "linktarget" {
            // The raw form wins, whichever comes first.
            let target = try cursor.string()
            if node.details.linkTarget.isEmpty { node.details.linkTarget = target }
        } else if key == "linktarget_raw" {
            let target = try base64(&cursor)
            if !target.isEmpty { node.details.linkTarget = target }
        } else if key == "extended_attributes" {
            node.details.attributes = try attributes(&cursor)
        } else {
            try cursor.skipValue()
        }
    }
}
