extension PatternList {
    /// Reads the text of an exclude file: a pattern per line, white space around it removed, empty lines and lines that begin
    /// with `#` passed over, `$NAME` and `${NAME}` replaced by what `variable` gives (nothing when it gives nil), `$$` by
    /// one `$`.
    ///
    /// Throws `malformedPattern`; the message names the line, counted from 1.
    public init(
        fileText: some Collection<UInt8>, variable: (String) -> String? = { _ in nil }
    ) throws(TreeError) {
        self.init()
        var patterns = [PathPattern]()
        var number = 0
        for line in fileText.split(separator: 0x0A, omittingEmptySubsequences: false) {
            number += 1
            // Editors of other systems put a byte order mark at the beginning.
            let mark = number == 1 && line.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
            let trimmed = PatternList.trim(Array(line.dropFirst(mark)))
            guard let first = trimmed.first, first != 0x23 else { continue }
            let expanded = PatternList.expand(trimmed, variable)
            if expanded.isEmpty { continue }
            do throws(TreeError) {
                patterns.append(try PathPattern(expanded))
            } catch {
                throw TreeError(
                    .malformedPattern, "line \(number): \(error.message)", subject: error.subject, hint: error.hint,
                    cause: error)
            }
        }
        self.init(patterns)
    }

    private static func trim(_ line: [UInt8]) -> [UInt8] {
        func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        guard let start = line.firstIndex(where: { !isSpace($0) }), let end = line.lastIndex(where: { !isSpace($0) })
        else { return [] }
        return Array(line[start...end])
    }

    private static func expand(_ line: [UInt8], _ variable: (String) -> String?) -> [UInt8] {
        var result = [UInt8]()
        var index = 0
        while index < line.count {
            guard line[index] == 0x24, index + 1 < line.count else {
                result.append(line[index])
                index += 1
                continue
            }
            index += 1
            let (name, end) = variableName(line, from: index)
            index = end
            guard let name else { continue }
            let value = name == "$" ? "$" : variable(name) ?? ""
            result.append(contentsOf: value.utf8)
        }
        return result
    }

    /// The name that begins behind a `$`, and the index behind it; nil for braces that hold nothing or do not end.
    private static func variableName(_ line: [UInt8], from start: Int) -> (name: String?, end: Int) {
        func isNamed(_ byte: UInt8) -> Bool {
            byte == 0x5F || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
        }
        func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
        if line[start] == 0x7B {
            guard let end = line[start...].firstIndex(of: 0x7D) else { return (nil, start + 1) }
            return (end == start + 1 ? nil : text(line[start + 1..<end]), end + 1)
        }
        // What a shell keeps for itself is a name of one character: `$$`, `$1`, `$*`.
        if "#$*@!?-0123456789".utf8.contains(line[start]) { return (text(line[start...start]), start + 1) }
        let end = line[start...].firstIndex { !isNamed($0) } ?? line.count
        // A `$` before anything else stands for itself.
        return end == start ? ("$", start) : (text(line[start..<end]), end)
    }
}
