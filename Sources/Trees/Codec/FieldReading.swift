import Sealing

/// How single fields of a node are read.
extension NodeReader {
    @inline(__always)
    static func name(_ cursor: inout JSONCursor) throws(JSONError) -> [UInt8] {
        let start = cursor.offset
        return try unsafe cursor.lend { text throws(JSONError) in
            guard let name = unsafe NameUnquoting.unquote(text) else { throw JSONError("bad escape", at: start) }
            return name
        }
    }

    @inline(__always)
    static func kind(_ cursor: inout JSONCursor) throws(JSONError) -> NodeKind {
        let start = cursor.offset
        let text = try cursor.readKey()
        if text == "file" { return .file }
        if text == "dir" { return .directory }
        if text == "symlink" { return .symlink }
        if text == "dev" { return .blockDevice }
        if text == "chardev" { return .characterDevice }
        if text == "fifo" { return .fifo }
        if text == "socket" { return .socket }
        throw JSONError("unknown type \"\(RawName.printable(Array(text.text.utf8.prefix(32))))\"", at: start)
    }

    @inline(__always)
    static func time(_ cursor: inout JSONCursor) throws(JSONError) -> Timestamp {
        let start = cursor.offset
        return try unsafe cursor.plain { text throws(JSONError) in
            guard let time = unsafe TimeReader.read(text) else { throw JSONError("not a time of RFC 3339", at: start) }
            return time
        }
    }

    @inline(__always)
    static func text(_ cursor: inout JSONCursor) throws(JSONError) -> String {
        try unsafe cursor.lend { text throws(JSONError) in unsafe String(decoding: text, as: UTF8.self) }
    }

    static func base64(_ cursor: inout JSONCursor) throws(JSONError) -> [UInt8] {
        let start = cursor.offset
        return try unsafe cursor.lend { text throws(JSONError) in
            guard let bytes = unsafe Base64.decode(text) else { throw JSONError("not base64", at: start) }
            return bytes
        }
    }

    @inline(__always)
    static func content(_ cursor: inout JSONCursor) throws(JSONError) -> [BlobID] {
        var content = [BlobID]()
        try cursor.array { cursor throws(JSONError) in content.append(BlobID(try cursor.digest())) }
        return content
    }

    static func attributes(_ cursor: inout JSONCursor) throws(JSONError) -> [ExtendedAttribute] {
        var attributes = [ExtendedAttribute]()
        try cursor.array { cursor throws(JSONError) in
            var name = [UInt8]()
            var value = [UInt8]()
            try cursor.object { cursor, key throws(JSONError) in
                if cursor.null() { return }
                if key == "name" {
                    name = try cursor.string()
                } else if key == "value" {
                    value = try base64(&cursor)
                } else {
                    try cursor.skipValue()
                }
            }
            attributes.append(ExtendedAttribute(name: name, value: value))
        }
        return attributes
    }
}
