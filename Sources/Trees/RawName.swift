import Glibc

/// Names as file systems have them: bytes, in whatever encoding.
public enum RawName {
    /// Does `one` come before `other` by raw bytes? That is the order of nodes in a tree.
    public static func isAscending(_ one: [UInt8], _ other: [UInt8]) -> Bool {
        compare(one, other) < 0
    }

    /// Below zero when `one` comes before `other` by raw bytes, zero when they are equal, above when it comes behind.
    public static func compare(_ one: [UInt8], _ other: [UInt8]) -> Int {
        let common = unsafe one.withUnsafeBytes { left in
            unsafe other.withUnsafeBytes { right in
                guard let left = left.baseAddress, let right = right.baseAddress else { return Int32(0) }
                return unsafe memcmp(left, right, min(one.count, other.count))
            }
        }
        return common != 0 ? Int(common) : one.count - other.count
    }

    /// May the name be used below a directory? Not when it is empty, `.`, `..`, or has a `/` or NUL in it.
    public static func isSafe(_ name: [UInt8]) -> Bool {
        if name.isEmpty || name == [0x2E] || name == [0x2E, 0x2E] { return false }
        return !name.contains(0x2F) && !name.contains(0)
    }

    /// A name or path for messages: what prints well stays, everything else is escaped as in a string literal, so that no
    /// name can send control sequences to a terminal or forge a line of a log.
    public static func printable(_ name: [UInt8]) -> String {
        unsafe name.withUnsafeBytes { bytes in
            var result = ""
            var index = 0
            while index < bytes.count {
                guard let (scalar, byteCount) = unsafe UTF8Text.scalar(in: bytes, at: index) else {
                    result += unsafe escape("x", UInt32(bytes[index]), count: 2)
                    index += 1
                    continue
                }
                append(scalar, to: &result)
                index += byteCount
            }
            return result
        }
    }

    private static func append(_ scalar: Unicode.Scalar, to result: inout String) {
        switch scalar {
        case "\n": result += "\\n"
        case "\r": result += "\\r"
        case "\t": result += "\\t"
        case "\\": result += "\\\\"
        case _ where scalar.isGoPrintable: result.unicodeScalars.append(scalar)
        case _ where scalar.value < 0x80: result += escape("x", scalar.value, count: 2)
        case _ where scalar.value < 0x10000: result += escape("u", scalar.value, count: 4)
        default: result += escape("U", scalar.value, count: 8)
        }
    }

    private static func escape(_ letter: String, _ value: UInt32, count: Int) -> String {
        let digits = String(value, radix: 16)
        return "\\" + letter + String(repeating: "0", count: count - digits.count) + digits
    }
}

extension Node {
    /// May its name be used below a directory? Not when it is empty, `.`, `..`, or has a `/` or NUL in it.
    public var hasSafeName: Bool { RawName.isSafe(name) }
}
