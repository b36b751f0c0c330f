import FoundationEssentials
import Sealing
import Testing
import Trees

/// Data that two versions of restic made or confirmed.
enum Vectors {
    static func load<T: Decodable>(_ name: String, as type: T.Type, file: String = #filePath) throws -> T {
        let folder = URL(filePath: file).deletingLastPathComponent().deletingLastPathComponent()
        let data = try Data(contentsOf: folder.appending(path: "Vectors").appending(path: name))
        return try JSONDecoder().decode(type, from: data)
    }

    static func bytes(hex: String) -> [UInt8] {
        let digits = Array(hex.utf8)
        return stride(from: 0, to: digits.count, by: 2).map { index in
            UInt8(String(decoding: digits[index..<index + 2], as: UTF8.self), radix: 16) ?? 0
        }
    }
}

/// The JSON of one node as text.
func encoded(_ node: Node) -> String {
    var bytes = [UInt8]()
    TreeEncoder.append(node, to: &bytes)
    return String(decoding: bytes, as: UTF8.self)
}

/// A node that holds just enough to be one.
func node(
    _ name: [UInt8], kind: NodeKind = .file, permissions: UInt32 = 0o644, modified: Timestamp = Timestamp(seconds: 0)
) -> Node {
    var node = Node(name: name, metadata: Metadata(kind: kind, permissions: permissions, modified: modified))
    if kind == .directory { node.subtree = BlobID(Digest(words: (1, 2, 3, 4))) }
    return node
}
