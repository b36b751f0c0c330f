import Sealing

/// What restic makes of the bytes of a password file or of a program's output: UTF-16 and byte order marks are decoded, then
/// white space is removed at both ends. Anything else would open a repository with one tool and not with the other.
enum PasswordText {
    /// The password in `bytes`.
    static func password(in bytes: [UInt8]) -> [UInt8] { Array(trimmed(decoded(bytes))) }

    private static func decoded(_ bytes: [UInt8]) -> [UInt8] {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return Array(bytes[3...]) }
        if bytes.starts(with: [0xFE, 0xFF]) { return utf16(bytes[2...]) { UInt16($0) << 8 | UInt16($1) } }
        if bytes.starts(with: [0xFF, 0xFE]) { return utf16(bytes[2...]) { UInt16($1) << 8 | UInt16($0) } }
        return bytes
    }

    private static func utf16(_ bytes: ArraySlice<UInt8>, _ unit: (UInt8, UInt8) -> UInt16) -> [UInt8] {
        let units = stride(from: bytes.startIndex, to: bytes.endIndex - 1, by: 2).map { unit(bytes[$0], bytes[$0 + 1]) }
        return Array(String(decoding: units, as: UTF16.self).utf8)
    }

    /// Without white space (Unicode's, as Go counts it) at both ends. Bytes that are not UTF-8 are no white space.
    private static func trimmed(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        var rest = bytes[...]
        while let space = spaces.first(where: { rest.starts(with: $0) }) { rest = rest.dropFirst(space.count) }
        while let space = spaces.first(where: { rest.suffix($0.count).elementsEqual($0) }) {
            rest = rest.dropLast(space.count)
        }
        return rest
    }

    private static let spaces: [[UInt8]] = {
        var values: [UInt32] = Array(0x09...0x0D) + [0x20, 0x85, 0xA0, 0x1680]
        values += Array(0x2000...0x200A) + [0x2028, 0x2029, 0x202F, 0x205F, 0x3000]
        return values.compactMap { Unicode.Scalar($0) }.map { Array(String($0).utf8) }
    }()
}
