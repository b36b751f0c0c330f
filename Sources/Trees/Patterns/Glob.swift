/// A wildcard for one component of a path, with the rules of Go's `filepath.Match`: `*` any run of characters, `?` any one,
/// `[a-z]` and `[^a-z]` one of a class, a backslash before a character takes its meaning away.
struct Glob: Sendable {
    private enum Token: Sendable {
        case byte(UInt8)
        case anyOne
        case anyRun
        case oneOf(ranges: [ClosedRange<UInt32>], isNegated: Bool)
    }

    private var tokens: [Token] = []

    /// Does a component need more than comparing?
    static func hasWildcards(_ text: [UInt8]) -> Bool {
        text.contains { $0 == 0x2A || $0 == 0x3F || $0 == 0x5B || $0 == 0x5C || $0 == 0x5D }
    }

    /// Reads a wildcard; nil when it is malformed: a class that does not end or is empty, a backslash at the end.
    init?(_ text: [UInt8]) {
        var index = 0
        while index < text.count {
            let character = text[index]
            index += 1
            switch character {
            case 0x2A: tokens.append(.anyRun)
            case 0x3F: tokens.append(.anyOne)
            case 0x5B:
                guard let token = Glob.readClass(text, &index) else { return nil }
                tokens.append(token)
            case 0x5C:
                guard index < text.count else { return nil }
                tokens.append(.byte(text[index]))
                index += 1
            default: tokens.append(.byte(character))
            }
        }
    }

    private static func readClass(_ text: [UInt8], _ index: inout Int) -> Token? {
        var isNegated = false
        if index < text.count, text[index] == 0x5E {
            isNegated = true
            index += 1
        }
        var ranges = [ClosedRange<UInt32>]()
        while true {
            if index < text.count, text[index] == 0x5D, !ranges.isEmpty {
                index += 1
                return .oneOf(ranges: ranges, isNegated: isNegated)
            }
            guard let low = readBound(text, &index) else { return nil }
            var high = low
            if index < text.count, text[index] == 0x2D {
                index += 1
                guard let bound = readBound(text, &index) else { return nil }
                high = bound
            }
            // A range that runs backwards matches nothing, yet counts as one.
            ranges.append(low <= high ? low...high : UInt32.max...UInt32.max)
        }
    }

    /// One end of a range. It must not be the last character, since a `]` has to follow.
    private static func readBound(_ text: [UInt8], _ index: inout Int) -> UInt32? {
        guard index < text.count, text[index] != 0x2D, text[index] != 0x5D else { return nil }
        if text[index] == 0x5C {
            index += 1
            guard index < text.count else { return nil }
        }
        let (value, byteCount) = character(text, index)
        index += byteCount
        return index < text.count ? value : nil
    }

    /// The character at an index; a byte that is not UTF-8 counts as U+FFFD.
    private static func character(_ text: [UInt8], _ index: Int) -> (value: UInt32, byteCount: Int) {
        if text[index] < 0x80 { return (UInt32(text[index]), 1) }
        let found = unsafe text.withUnsafeBytes { unsafe UTF8Text.scalar(in: $0, at: index) }
        return found.map { ($0.scalar.value, $0.byteCount) } ?? (0xFFFD, 1)
    }

    /// Does it match a whole name?
    func matches(_ name: [UInt8]) -> Bool {
        var token = 0
        var index = 0
        // Where to go on when a comparison fails: the last `*` takes one byte more.
        var retryToken = -1
        var retryIndex = 0
        while index < name.count || token < tokens.count {
            if token < tokens.count {
                if case .anyRun = tokens[token] {
                    (retryToken, retryIndex) = (token, index)
                    token += 1
                    continue
                }
                if index < name.count, let byteCount = Glob.length(of: tokens[token], in: name, at: index) {
                    token += 1
                    index += byteCount
                    continue
                }
            }
            guard retryToken >= 0, retryIndex < name.count else { return false }
            retryIndex += 1
            (token, index) = (retryToken + 1, retryIndex)
        }
        return true
    }

    /// Bytes that a token takes from the name; nil when it does not match.
    private static func length(of token: Token, in name: [UInt8], at index: Int) -> Int? {
        switch token {
        case .byte(let byte): return byte == name[index] ? 1 : nil
        case .anyOne: return character(name, index).byteCount
        case .oneOf(let ranges, let isNegated):
            let (value, byteCount) = character(name, index)
            return ranges.contains { $0.contains(value) } != isNegated ? byteCount : nil
        case .anyRun: return nil
        }
    }
}
