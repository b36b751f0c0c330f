/// Questions for A records and their answers, as RFC 1035 has them on the wire. Answers are hostile until they are read.
enum DNSMessage {
    /// Why an answer is none.
    struct Refusal: Error, Sendable, Hashable {
        let message: String
    }

    /// An answer over UDP has at most so many bytes (RFC 1035, 4.2.1); a longer one comes truncated.
    static let largestByteCount = 512
    private static let (typeA, typeCNAME, classIN): (UInt16, UInt16, UInt16) = (1, 5, 1)

    /// The bytes of a question; nil for what is no name.
    static func question(_ name: String, id: UInt16) -> [UInt8]? {
        let labels = name.split(separator: ".").map { Array($0.utf8) }
        guard !labels.isEmpty, labels.allSatisfy({ (1...63).contains($0.count) }), name.utf8.count <= 253 else {
            return nil
        }
        // Header: id, flags (recursion desired), one question, no records.
        var bytes = big(id) + [1, 0, 0, 1, 0, 0, 0, 0, 0, 0]
        for label in labels { bytes += [UInt8(label.count)] + label }
        return bytes + [0] + big(typeA) + big(classIN)
    }

    /// The addresses that an answer has for `name`, through its aliases.
    ///
    /// - Returns: nil when it answers another question than that of `id`.
    /// - Throws: when it is malformed, truncated, or says that there is none.
    static func addresses(in bytes: [UInt8], for name: String, id: UInt16) throws(Refusal) -> [String]? {
        var reader = Reader(bytes: bytes)
        guard bytes.count >= 12, try reader.word() == id else { return nil }
        let flags = try reader.word()
        guard flags & 0x8000 != 0 else { return nil }
        let (questions, answers) = (try reader.word(), try reader.word())
        reader.at = 12
        let wanted = lowered(name)
        guard questions == 1, try reader.name() == wanted, try reader.word() == typeA, try reader.word() == classIN
        else {
            return nil
        }
        guard flags & 0x0200 == 0 else { throw Refusal(message: "the answer is truncated") }
        guard flags & 0x000F == 0 else { throw Refusal(message: "the server says \(text(of: flags & 0x000F))") }
        return try records(&reader, count: answers, wanted)
    }

    /// Follows aliases as they come: a server puts an alias before what it stands for.
    private static func records(
        _ reader: inout Reader, count: UInt16, _ wanted: String
    ) throws(Refusal) -> [String] {
        var names: Set<String> = [wanted]
        var found = [String]()
        for _ in 0..<count {
            let owner = try reader.name()
            let (type, kind) = (try reader.word(), try reader.word())
            _ = try reader.take(4)
            let length = Int(try reader.word())
            let end = reader.at + length
            if kind == classIN, names.contains(owner) {
                if type == typeCNAME { names.insert(try reader.name()) }
                if type == typeA {
                    guard length == 4 else { throw Refusal(message: "an address has \(length) bytes") }
                    found.append(try reader.take(4).map { "\($0)" }.joined(separator: "."))
                }
            }
            guard end <= reader.bytes.count else { throw Refusal(message: "the answer ends within a record") }
            reader.at = end
        }
        return found
    }

    private static func lowered(_ name: String) -> String {
        (name.hasSuffix(".") ? String(name.dropLast()) : name).lowercased()
    }

    private static func text(of code: UInt16) -> String {
        switch code {
        case 2: "SERVFAIL"
        case 3: "NXDOMAIN"
        case 5: "REFUSED"
        default: "error \(code)"
        }
    }

    private static func big(_ word: UInt16) -> [UInt8] { [UInt8(word >> 8), UInt8(word & 0xFF)] }

    private struct Reader {
        let bytes: [UInt8]
        var at = 0

        mutating func take(_ count: Int) throws(Refusal) -> ArraySlice<UInt8> {
            guard count <= bytes.count - at else { throw Refusal(message: "the answer ends too early") }
            defer { at += count }
            return bytes[at..<at + count]
        }

        mutating func word() throws(Refusal) -> UInt16 {
            let two = try take(2)
            return UInt16(two[two.startIndex]) << 8 | UInt16(two[two.startIndex + 1])
        }

        /// A name in small letters. Pointers lead backwards only, so they end.
        mutating func name() throws(Refusal) -> String {
            var labels = [String]()
            var byteCount = 0
            var position = at
            var limit = at
            var end: Int?
            while true {
                guard position < bytes.count else { throw Refusal(message: "the answer ends within a name") }
                let length = Int(bytes[position])
                switch length {
                case 0:
                    at = end ?? position + 1
                    return labels.joined(separator: ".").lowercased()
                case 1...63:
                    byteCount += length + 1
                    guard byteCount <= 255, position + 1 + length <= bytes.count else {
                        throw Refusal(message: "a name is too long")
                    }
                    labels.append(String(decoding: bytes[position + 1..<position + 1 + length], as: UTF8.self))
                    position += 1 + length
                case 0xC0...0xFF:
                    guard position + 1 < bytes.count else { throw Refusal(message: "the answer ends within a name") }
                    if end == nil { end = position + 2 }
                    position = (length & 0x3F) << 8 | Int(bytes[position + 1])
                    guard position < limit else { throw Refusal(message: "a name points forwards") }
                    limit = position
                default: throw Refusal(message: "a name has a label of an unknown kind")
                }
            }
        }
    }
}
