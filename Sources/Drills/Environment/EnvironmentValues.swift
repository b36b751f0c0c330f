/// Addresses, ports and paths that are only known once an environment is up: `NAME=value` lines that `up` has written.
public struct EnvironmentValues: Sendable, Hashable {
    /// The values by their names.
    public var values: [String: String]

    /// Why values cannot be used.
    public struct Malformed: Error, Sendable, Hashable, CustomStringConvertible {
        /// The line, from 1.
        public let line: Int
        /// What is wrong.
        public let message: String

        public var description: String { "line \(line): \(message)" }
    }

    /// Reads the lines. Values hold letters, digits, and `_ . / : @ = , + - ~` and spaces only, so that they can stand in YAML
    /// and in addresses as they are.
    public init(text: String) throws(Malformed) {
        values = [:]
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            guard !line.isEmpty, line.first != "#" else { continue }
            guard let equal = line.firstIndex(of: "=") else {
                throw Malformed(line: index + 1, message: "`\(line)` is no assignment")
            }
            let value = Self.unquoted(line[line.index(after: equal)...])
            guard value.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "_./:@=,+-~ ".contains($0)) }) else {
                throw Malformed(
                    line: index + 1, message: "the value of `\(line[..<equal])` has letters that may not stand in it")
            }
            values[String(line[..<equal])] = value
        }
    }

    /// Without quotes around it, and without the backslashes that a shell's `printf %q` puts before blanks and others.
    private static func unquoted(_ text: Substring) -> String {
        if text.count >= 2, let quote = text.first, quote == "'" || quote == "\"", text.last == quote {
            return String(text.dropFirst().dropLast())
        }
        var plain = ""
        var isEscaped = false
        for character in text {
            isEscaped = character == "\\" && !isEscaped
            if !isEscaped { plain.append(character) }
        }
        return plain
    }

    /// No values.
    public init() { values = [:] }

    /// Puts the values in the place of `${NAME}`, and of `${NAME:-otherwise}` what stands there when it has none; with `isLenient`, `/unknown` for those that have none.
    ///
    /// - Throws: `Malformed` with the line of the first name that has no value.
    public func fill(_ text: String, isLenient: Bool = false) throws(Malformed) -> String {
        var filled = ""
        var rest = text[...]
        var line = 1
        while let start = rest.firstRange(of: "${") {
            line += rest[..<start.lowerBound].count { $0 == "\n" }
            filled += rest[..<start.lowerBound]
            guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
                throw Malformed(line: line, message: "`${` has no `}`")
            }
            let inner = rest[start.upperBound..<end]
            let standby = inner.firstRange(of: ":-")
            let name = String(inner[..<(standby?.lowerBound ?? inner.endIndex)])
            let otherwise = standby.map { String(inner[$0.upperBound...]) }
            guard let value = values[name] ?? otherwise ?? (isLenient ? "/unknown" : nil) else {
                throw Malformed(line: line, message: "`${\(name)}` has no value; is the environment up?")
            }
            filled += value
            rest = rest[rest.index(after: end)...]
        }
        return filled + rest
    }
}
