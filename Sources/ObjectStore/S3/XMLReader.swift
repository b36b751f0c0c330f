/// Reads an XML document element by element. Made for the answers of S3 servers, which may be hostile: no document types, no
/// entities but the five of XML and numeric ones, bounded nesting; attributes are skipped.
struct XMLReader {
    enum Event: Equatable {
        case open(String)
        case text(String)
        case close(String)
    }

    /// The document is not XML, or uses what no S3 answer needs.
    struct Malformed: Error, Equatable {
        let offset: Int
    }

    private static let deepest = 16

    private let bytes: [UInt8]
    private var offset = 0
    private var path = [String]()
    private var pendingClose = false

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The next event; nil at the end. Names come without their namespace's prefix.
    mutating func next() throws(Malformed) -> Event? {
        if pendingClose {
            pendingClose = false
            return .close(path.removeLast())
        }
        while offset < bytes.count {
            guard bytes[offset] == UInt8(ascii: "<") else {
                let text = try readText()
                if path.isEmpty {
                    guard text.allSatisfy({ $0.isWhitespace || $0 == "\u{feff}" }) else { throw malformed }
                    continue
                }
                return .text(text)
            }
            if skips("<?") {
                try skip(past: "?>")
            } else if skips("<!--") {
                try skip(past: "-->")
            } else if skips("<![CDATA[") {
                let start = offset
                try skip(past: "]]>")
                guard !path.isEmpty, let text = String(validating: bytes[start..<offset - 3], as: UTF8.self) else {
                    throw malformed
                }
                return .text(text)
            } else {
                return try readTag()
            }
        }
        guard path.isEmpty else { throw malformed }
        return nil
    }

    private var malformed: Malformed { Malformed(offset: offset) }

    private mutating func readTag() throws(Malformed) -> Event {
        offset += 1
        let isClosing = skips("/")
        let start = offset
        while offset < bytes.count, XMLReader.isNameByte(bytes[offset]) { offset += 1 }
        guard let full = String(validating: bytes[start..<offset], as: UTF8.self), !full.isEmpty else {
            throw malformed
        }
        let name = full.lastIndex(of: ":").map { String(full[full.index(after: $0)...]) } ?? full
        if isClosing {
            while offset < bytes.count, XMLReader.isSpace(bytes[offset]) { offset += 1 }
            guard skips(">"), path.last == name else { throw malformed }
            path.removeLast()
            return .close(name)
        }
        try skipAttributes()
        guard path.count < XMLReader.deepest else { throw malformed }
        path.append(name)
        pendingClose = skips("/")
        guard skips(">") else { throw malformed }
        return .open(name)
    }

    private mutating func skipAttributes() throws(Malformed) {
        while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: ">"), UInt8(ascii: "/"): return
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                let quote = bytes[offset]
                guard let end = bytes[(offset + 1)...].firstIndex(of: quote) else { throw malformed }
                offset = end + 1
            case UInt8(ascii: "<"): throw malformed
            default: offset += 1
            }
        }
        throw malformed
    }

    private mutating func readText() throws(Malformed) -> String {
        var text = [UInt8]()
        while offset < bytes.count, bytes[offset] != UInt8(ascii: "<") {
            if bytes[offset] == UInt8(ascii: "&") {
                text += Array(String(try readEntity()).utf8)
            } else {
                text.append(bytes[offset])
                offset += 1
            }
        }
        guard let decoded = String(validating: text, as: UTF8.self) else { throw malformed }
        return decoded
    }

    private mutating func readEntity() throws(Malformed) -> Unicode.Scalar {
        let start = offset + 1
        guard let end = bytes[start...].prefix(12).firstIndex(of: UInt8(ascii: ";")) else { throw malformed }
        let name = String(decoding: bytes[start..<end], as: UTF8.self)
        offset = end + 1
        switch name {
        case "amp": return "&"
        case "lt": return "<"
        case "gt": return ">"
        case "quot": return "\""
        case "apos": return "'"
        default:
            let digits = name.dropFirst()
            let value = digits.first == "x" ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
            guard name.first == "#", let value, let scalar = Unicode.Scalar(value) else { throw malformed }
            return scalar
        }
    }

    private mutating func skips(_ text: StaticString) -> Bool {
        let expected = text.description.utf8
        guard bytes[offset...].starts(with: expected) else { return false }
        offset += expected.count
        return true
    }

    private mutating func skip(past text: StaticString) throws(Malformed) {
        let start = offset
        while offset < bytes.count { if skips(text) { return } else { offset += 1 } }
        offset = start
        throw malformed
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0d).contains(byte) }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x3a, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x80...0xff: true
        default: false
        }
    }
}

/// What an S3 answer says: fields below the root, and records of fields.
struct XMLAnswer: Equatable {
    /// Texts of the elements directly below the root.
    private(set) var fields = [String: String]()
    /// Texts of the elements in each element named as a record.
    private(set) var records = [[String: String]]()

    /// Reads a document whose root is `root`; its children named `record` become records.
    init(_ bytes: [UInt8], root: String, record: String) throws(XMLReader.Malformed) {
        var reader = XMLReader(bytes)
        var path = [String]()
        var text = ""
        var current = [String: String]()
        while let event = try reader.next() {
            switch event {
            case .open(let name):
                if path.isEmpty, name != root { throw XMLReader.Malformed(offset: 0) }
                path.append(name)
                text = ""
                if path.count == 2, name == record { current = [:] }
            case .text(let part): text += part
            case .close(let name):
                path.removeLast()
                if path.count == 1 {
                    if name == record { records.append(current) } else { fields[name] = text }
                } else if path.count == 2, path[1] == record {
                    current[name] = text
                }
                text = ""
            }
        }
    }
}
