/// Variables of shell text, as far as a check must know them.
enum ShellVariables {
    /// Names of a runbook's own variables: capitals, digits, `_`.
    static func isName(_ name: String) -> Bool {
        guard let first = name.utf8.first, first == UInt8(ascii: "_") || isCapital(first) else { return false }
        return name.utf8.allSatisfy { $0 == UInt8(ascii: "_") || isCapital($0) || isDigit($0) }
    }

    /// Names that `text` reads and does not set itself before: `$NAME`, `${NAME…}`, outside of single quotes and comments.
    ///
    /// Names with small letters are the text's own, and so is what it assigns, reads, or loops over.
    static func used(in text: String) -> [String] {
        var scan = Scan(bytes: Array(text.utf8))
        scan.run()
        return scan.found.filter { isName($0) && !scan.assigned.contains($0) }
    }

    private static func isCapital(_ byte: UInt8) -> Bool { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) }
    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    private static func isWord(_ byte: UInt8) -> Bool {
        isCapital(byte) || isDigit(byte) || byte == UInt8(ascii: "_")
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }

    private struct Scan {
        let bytes: [UInt8]
        var at = 0
        var found = [String]()
        var assigned: Set<String> = []
        private var isQuoted = false

        init(bytes: [UInt8]) { self.bytes = bytes }

        mutating func run() {
            while at < bytes.count {
                let byte = bytes[at]
                switch byte {
                case UInt8(ascii: "\\"): at += 2
                case UInt8(ascii: "\""):
                    isQuoted.toggle()
                    at += 1
                case UInt8(ascii: "'") where !isQuoted:
                    at = (bytes[(at + 1)...].firstIndex(of: byte) ?? bytes.count - 1) + 1
                case UInt8(ascii: "#") where !isQuoted && isWordStart:
                    at = bytes[at...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
                case UInt8(ascii: "$"): dollar()
                default: word()
                }
            }
        }

        private var isWordStart: Bool { at == 0 || [0x20, 0x0A, 0x09, 0x3B, 0x28].contains(bytes[at - 1]) }

        private mutating func dollar() {
            at += 1
            if at < bytes.count, bytes[at] == UInt8(ascii: "{") { at += 1 }
            let name = take()
            if !name.isEmpty, !found.contains(name) { found.append(name) }
            if name.isEmpty, at < bytes.count, bytes[at] == UInt8(ascii: "$") { at += 1 }
        }

        /// `NAME=` sets it, and so do `read NAME` and `for NAME`.
        private mutating func word() {
            let isStart = isWordStart && !isQuoted
            let name = take()
            guard !name.isEmpty else { return at += 1 }
            if isStart, at < bytes.count, bytes[at] == UInt8(ascii: "="), !found.contains(name) {
                assigned.insert(name)
            }
            if isStart, name == "read" || name == "for" || name == "export" {
                while at < bytes.count, bytes[at] == 0x20 { at += 1 }
                let next = take()
                if !found.contains(next) { assigned.insert(next) }
            }
        }

        private mutating func take() -> String {
            let start = at
            while at < bytes.count, ShellVariables.isWord(bytes[at]) { at += 1 }
            return String(decoding: bytes[start..<at], as: UTF8.self)
        }
    }
}
