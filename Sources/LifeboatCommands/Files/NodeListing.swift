import Repository
import Trees

/// A node as `ls` and `find` show it: restic's fields in JSON, one line of text.
struct NodeListing: Encodable {
    let node: Node
    let path: [[UInt8]]

    private enum CodingKeys: String, CodingKey {
        case name, type, path, uid, gid, user, group, size, mode, permissions, mtime, atime, ctime, inode, linktarget
        case messageType = "message_type"
        case structType = "struct_type"
    }

    func encode(to encoder: any Encoder) throws {
        let metadata = node.metadata
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(String(decoding: node.name, as: UTF8.self), forKey: .name)
        try container.encode(metadata.kind.rawValue, forKey: .type)
        try container.encode(String(decoding: RawPath.absolute(path), as: UTF8.self), forKey: .path)
        try container.encode(metadata.userID, forKey: .uid)
        try container.encode(metadata.groupID, forKey: .gid)
        if !node.details.user.isEmpty { try container.encode(node.details.user, forKey: .user) }
        if !node.details.group.isEmpty { try container.encode(node.details.group, forKey: .group) }
        if metadata.kind == .file { try container.encode(metadata.byteCount, forKey: .size) }
        try container.encode(metadata.goFileMode, forKey: .mode)
        try container.encode(Permissions.goText(metadata), forKey: .permissions)
        try container.encode(metadata.modified.rfc3339, forKey: .mtime)
        try container.encode(metadata.accessed.rfc3339, forKey: .atime)
        try container.encode(metadata.changed.rfc3339, forKey: .ctime)
        if metadata.inode != 0 { try container.encode(metadata.inode, forKey: .inode) }
        if metadata.kind == .symlink {
            try container.encode(String(decoding: node.details.linkTarget, as: UTF8.self), forKey: .linktarget)
        }
        try container.encode("node", forKey: .messageType)
        try container.encode("node", forKey: .structType)
    }

    /// The path, printable whatever bytes it has.
    var short: String { RawPath.printable(path) }

    /// As `ls -l` has it.
    var long: String {
        let metadata = node.metadata
        func pad(_ text: String, _ width: Int) -> String {
            String(repeating: " ", count: max(0, width - text.count)) + text
        }
        let size = metadata.kind == .file ? "\(metadata.byteCount)" : "0"
        let columns = [
            Permissions.text(metadata), pad("\(metadata.userID)", 5), pad("\(metadata.groupID)", 5), pad(size, 10),
            Units.localTime(metadata.modified), short,
        ]
        let target = metadata.kind == .symlink ? " -> \(RawName.printable(node.details.linkTarget))" : ""
        return columns.joined(separator: " ") + target
    }
}

/// Kind and permissions as text.
enum Permissions {
    /// As Go's `FileMode.String()` has them, which is what restic's JSON shows: `dtrwxrwxrwx`.
    static func goText(_ metadata: Metadata) -> String {
        let mode = metadata.goFileMode
        let letters = Array("dalTLDpSugct?")
        let kind = letters.indices.filter { mode & (1 << UInt32(31 - $0)) != 0 }.map { letters[$0] }
        let bits = Array("rwxrwxrwx")
        let permissions = bits.indices.map { mode & (1 << UInt32(8 - $0)) != 0 ? bits[$0] : "-" }
        return (kind.isEmpty ? "-" : String(kind)) + String(permissions)
    }

    /// As `ls -l` has them: `drwxrwxrwt`.
    static func text(_ metadata: Metadata) -> String {
        let kind =
            switch metadata.kind {
            case .file: "-"
            case .directory: "d"
            case .symlink: "l"
            case .blockDevice: "b"
            case .characterDevice: "c"
            case .fifo: "p"
            case .socket: "s"
            }
        let bits = metadata.permissions
        var letters = Array("rwxrwxrwx")
        for index in 0..<9 where bits & (1 << UInt32(8 - index)) == 0 { letters[index] = "-" }
        func mark(_ bit: UInt32, _ index: Int, _ small: Character, _ large: Character) {
            if bits & bit != 0 { letters[index] = letters[index] == "x" ? small : large }
        }
        mark(0o4000, 2, "s", "S")
        mark(0o2000, 5, "s", "S")
        mark(0o1000, 8, "t", "T")
        return kind + String(letters)
    }
}
