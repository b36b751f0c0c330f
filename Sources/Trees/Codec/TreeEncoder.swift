import Sealing

/// Writes nodes byte for byte as restic does: the JSON of Go's `encoding/json`, fields in restic's order.
///
/// The bytes name the tree, and `restic rewrite` refuses a tree that it would write differently.
public enum TreeEncoder {
    /// Appends the JSON of one node, without anything before or behind it.
    public static func append(_ node: Node, to output: inout [UInt8]) {
        write(into: &output, atMost: headBound(node)) { writer in
            writer.identity(node)
            writer.numbers(node.metadata, details: node.details)
            writer.details(node.details)
            writer.device(node.metadata)
        }
        appendContent(of: node, to: &output)
        write(into: &output, atMost: 96) { writer in
            if node.metadata.kind == .directory, let subtree = node.subtree {
                writer.text(",\"subtree\":\"")
                writer.digest(subtree.digest)
                writer.byte(0x22)
            }
            writer.byte(0x7D)
        }
    }

    private static func appendContent(of node: Node, to output: inout [UInt8]) {
        guard node.metadata.kind == .file else {
            return write(into: &output, atMost: 32) { $0.text(",\"content\":null") }
        }
        var index = 0
        repeat {
            let end = min(index + 14, node.content.count)
            write(into: &output, atMost: 1_000) { writer in
                if index == 0 { writer.text(",\"content\":[") }
                while index < end {
                    if index > 0 { writer.byte(0x2C) }
                    writer.byte(0x22)
                    writer.digest(node.content[index].digest)
                    writer.byte(0x22)
                    index += 1
                }
                if index == node.content.count { writer.byte(0x5D) }
            }
        } while index < node.content.count
    }

    /// Bytes that everything before `content` takes at most.
    private static func headBound(_ node: Node) -> Int {
        var bound = 560 + 6 * node.name.count + 6 * (node.details.user.utf8.count + node.details.group.utf8.count)
        bound += 8 * node.details.linkTarget.count
        for attribute in node.details.attributes { bound += 32 + 6 * attribute.name.count + 2 * attribute.value.count }
        return bound
    }

    /// Lends a writer over scratch memory, on the stack when it is small, and appends what was written.
    @inline(__always)
    private static func write(into output: inout [UInt8], atMost bound: Int, _ body: (inout ByteWriter) -> Void) {
        unsafe withUnsafeTemporaryAllocation(byteCount: bound, alignment: 8) { memory in
            var writer = unsafe ByteWriter(memory)
            body(&writer)
            unsafe output.append(contentsOf: UnsafeRawBufferPointer(rebasing: memory[..<writer.count]))
        }
    }
}

extension ByteWriter {
    fileprivate mutating func identity(_ node: Node) {
        text("{\"name\":\"")
        unsafe node.name.withUnsafeBytes { unsafe quotedName($0) }
        switch node.metadata.kind {
        case .file: text("\",\"type\":\"file\"")
        case .directory: text("\",\"type\":\"dir\"")
        case .symlink: text("\",\"type\":\"symlink\"")
        case .blockDevice: text("\",\"type\":\"dev\"")
        case .characterDevice: text("\",\"type\":\"chardev\"")
        case .fifo: text("\",\"type\":\"fifo\"")
        case .socket: text("\",\"type\":\"socket\"")
        }
    }

    fileprivate mutating func numbers(_ metadata: Metadata, details: NodeDetails) {
        nonZero(",\"mode\":", UInt64(GoMode.encode(metadata.kind, permissions: metadata.permissions)))
        text(",\"mtime\":\"")
        let start = count
        time(metadata.modified)
        let modified = start..<count
        text("\",\"atime\":\"")
        if metadata.accessed == metadata.modified { again(modified) } else { time(metadata.accessed) }
        text("\",\"ctime\":\"")
        if metadata.changed == metadata.modified { again(modified) } else { time(metadata.changed) }
        text("\",\"uid\":")
        number(UInt64(metadata.userID))
        text(",\"gid\":")
        number(UInt64(metadata.groupID))
        nonEmpty(",\"user\":\"", details.user)
        nonEmpty(",\"group\":\"", details.group)
        nonZero(",\"inode\":", metadata.inode)
        nonZero(",\"device_id\":", metadata.deviceID)
        if metadata.kind == .file { nonZero(",\"size\":", metadata.byteCount) }
        switch metadata.kind {
        case .file, .symlink, .blockDevice, .characterDevice: nonZero(",\"links\":", metadata.linkCount)
        case .directory, .fifo, .socket: break
        }
    }

    fileprivate mutating func details(_ details: NodeDetails) {
        if !details.linkTarget.isEmpty {
            text(",\"linktarget\":\"")
            unsafe details.linkTarget.withUnsafeBytes { unsafe jsonText($0) }
            byte(0x22)
            if !UTF8Text.isValid(details.linkTarget) {
                text(",\"linktarget_raw\":\"")
                unsafe details.linkTarget.withUnsafeBytes { unsafe base64($0) }
                byte(0x22)
            }
        }
        guard !details.attributes.isEmpty else { return }
        text(",\"extended_attributes\":[")
        for (index, attribute) in details.attributes.enumerated() {
            if index > 0 { byte(0x2C) }
            text("{\"name\":\"")
            unsafe attribute.name.withUnsafeBytes { unsafe jsonText($0) }
            text("\",\"value\":\"")
            unsafe attribute.value.withUnsafeBytes { unsafe base64($0) }
            text("\"}")
        }
        byte(0x5D)
    }

    fileprivate mutating func device(_ metadata: Metadata) {
        if metadata.kind == .blockDevice || metadata.kind == .characterDevice {
            nonZero(",\"device\":", metadata.device)
        }
    }

    @inline(__always)
    private mutating func nonZero(_ field: StaticString, _ value: UInt64) {
        guard value != 0 else { return }
        text(field)
        number(value)
    }

    @inline(__always)
    private mutating func nonEmpty(_ field: StaticString, _ value: String) {
        guard !value.isEmpty else { return }
        text(field)
        var value = value
        value.withUTF8 { unsafe jsonText(UnsafeRawBufferPointer($0)) }
        byte(0x22)
    }
}
