import Sealing

/// A node as a tree blob holds it.
public struct DecodedNode: Sendable {
    /// What it says. Its name may be anything: see `Node.hasSafeName`.
    public var node: Node
    /// Where its JSON stands in the blob, so that an unchanged node can be written again byte for byte.
    public var raw: Range<Int>

    /// Describes a node and its place.
    public init(node: Node, raw: Range<Int>) {
        self.node = node
        self.raw = raw
    }
}

/// Reads tree blobs. They are hostile: nothing is taken on trust but that the bytes fit the blob's ID.
///
/// Tolerant where restic is: other order of fields, unknown fields, missing times (`Timestamp.unknown`), upper-case digits,
/// names that are empty, unsafe, unsorted or doubled (`TreeProblem` finds those). Integers are exact and fit their type.
public enum TreeDecoder {
    /// Reads all nodes of a tree.
    ///
    /// Throws `malformedTree`; the subject says which node (counted from 0) and field. A file without `content`, a directory
    /// without `subtree` and an unknown `type` are errors too, since nothing could be restored from them.
    public static func decode(_ bytes: UnsafeRawBufferPointer) throws(TreeError) -> [DecodedNode] {
        var reader = NodeReader()
        do throws(JSONError) {
            return try unsafe reader.tree(JSONCursor(bytes))
        } catch {
            let place = reader.nodeCount.map { "node \($0)" } ?? "tree"
            let field = reader.field.isEmpty ? "" : ", field \(reader.field)"
            throw TreeError(
                .malformedTree, "\(error.message) at byte \(error.offset)", subject: place + field,
                hint: "run `lifeboat check` to see which snapshots hold this tree", cause: error)
        }
    }

    /// Reads all nodes of a tree.
    public static func decode(_ bytes: [UInt8]) throws(TreeError) -> [DecodedNode] {
        let result = unsafe bytes.withUnsafeBytes { buffer in
            Result { () throws(TreeError) in try unsafe decode(buffer) }
        }
        return try result.get()
    }
}
