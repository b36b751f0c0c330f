/// Knows, line by line, whether a dump is inside of a quote: of a text, a name, or the body of a function.
///
/// Rests on how `pg_dump` writes (`standard_conforming_strings` is on): quotes in texts and names are doubled and never behind
/// a backslash; names with a `$` are quoted; a comment is a line of its own.
struct PostgreSQLDumpLexer {
    private enum Quote: Equatable {
        case none
        /// Until this byte; doubled ones close and open again.
        case byte(UInt8)
        /// Until `$tag$`.
        case dollar([UInt8])
    }

    private var quote = Quote.none

    /// True where no quote is open.
    var isOutside: Bool { quote == .none }

    /// Takes in a line, its break included.
    mutating func take(_ line: [UInt8]) {
        var index = 0
        while index < line.count {
            switch quote {
            case .none:
                let byte = line[index]
                if byte == 0x22 || byte == 0x27 {
                    quote = .byte(byte)
                } else if byte == 0x2D, line[index...].starts(with: [0x2D, 0x2D]) {
                    return
                } else if byte == 0x24, let tag = PostgreSQLDumpLexer.tag(line[index...]) {
                    quote = .dollar(tag)
                    index += tag.count - 1
                }
                index += 1
            case .byte(let end):
                guard let found = line[index...].firstIndex(of: end) else { return }
                quote = .none
                index = found + 1
            case .dollar(let tag):
                guard let found = line[index...].firstIndex(of: 0x24) else { return }
                if line[found...].starts(with: tag) {
                    quote = .none
                    index = found + tag.count
                } else {
                    index = found + 1
                }
            }
        }
    }

    /// `$$` or `$tag$` at the beginning; a tag does not begin with a digit.
    private static func tag(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        let name = bytes.dropFirst().prefix { byte in
            byte == 0x5F || byte >= 0x80 || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF)
        }
        guard name.first.map({ !(0x30...0x39).contains($0) }) ?? true, name.endIndex < bytes.endIndex,
            bytes[name.endIndex] == 0x24
        else { return nil }
        return [0x24] + name + [0x24]
    }

    /// The table of `COPY schema.table (columns) FROM stdin;`; nil when it is something else.
    static func copiedTable(_ statement: [UInt8]) -> DumpTable? {
        guard statement.starts(with: "COPY ".utf8), statement.suffix(13).elementsEqual(" FROM stdin;\n".utf8) else {
            return nil
        }
        var rest = statement.dropFirst(5)
        guard let schema = name(&rest), rest.popFirst() == 0x2E, let table = name(&rest), rest.first == 0x20 else {
            return nil
        }
        return DumpTable(schema: schema, table: table)
    }

    private static func name(_ rest: inout ArraySlice<UInt8>) -> String? {
        var bytes = [UInt8]()
        if rest.first == 0x22 {
            rest.removeFirst()
            while let byte = rest.popFirst() {
                if byte == 0x22 {
                    guard rest.first == 0x22 else { return String(decoding: bytes, as: UTF8.self) }
                    rest.removeFirst()
                }
                bytes.append(byte)
            }
            return nil
        }
        while let byte = rest.first, byte != 0x2E, byte != 0x20, byte != 0x22 {
            bytes.append(byte)
            rest.removeFirst()
        }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }
}
