/// Percent-encoding as Signature Version 4 wants it: every byte but letters, digits, `-`, `.`, `_` and `~`, in capitals.
enum PercentEncoding {
    /// Encodes one part of a path, or a name or value of a query.
    static func encode(_ text: some StringProtocol) -> String { encode(text.utf8, keepingSlash: false) }

    /// Encodes a path, whose slashes stay.
    static func encodePath(_ path: some StringProtocol) -> String { encode(path.utf8, keepingSlash: true) }

    private static func encode(_ bytes: some Sequence<UInt8>, keepingSlash: Bool) -> String {
        var output = [UInt8]()
        for byte in bytes {
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x5f, 0x7e: output.append(byte)
            case 0x2f where keepingSlash: output.append(byte)
            default: output += [0x25, digit(byte >> 4), digit(byte & 15)]
            }
        }
        return String(decoding: output, as: UTF8.self)
    }

    private static func digit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 0x30 + nibble : 0x37 + nibble }

    /// Decodes what a listing with `encoding-type=url` holds, where a space is `+`; nil when it is malformed.
    static func decode(_ text: some StringProtocol) -> String? {
        var output = [UInt8]()
        var bytes = text.utf8.makeIterator()
        while let byte = bytes.next() {
            switch byte {
            case 0x2b: output.append(0x20)
            case 0x25:
                guard let high = bytes.next().flatMap(value), let low = bytes.next().flatMap(value) else { return nil }
                output.append(high << 4 | low)
            default: output.append(byte)
            }
        }
        return String(validating: output, as: UTF8.self)
    }

    private static func value(_ character: UInt8) -> UInt8? {
        switch character {
        case 0x30...0x39: character - 0x30
        case 0x41...0x46: character - 0x37
        case 0x61...0x66: character - 0x57
        default: nil
        }
    }
}
