/// The words behind a fence: a language, and attributes in braces: `sh {step="freeze" on="app1" timeout="2m"}`.
struct FenceAttributes: Sendable, Hashable {
    /// The first word.
    var language: String
    /// Names and values in their order; a name without a value has an empty one.
    var pairs: [(name: String, value: String)]

    /// Reads them; nil with a reason when the braces are not well formed.
    static func read(_ info: String) -> Result<FenceAttributes, Malformed> {
        let language = String(info.prefix { !$0.isWhitespace && $0 != "{" })
        let rest = String(info.dropFirst(language.count)).trimmed
        guard !rest.isEmpty else { return .success(FenceAttributes(language: language, pairs: [])) }
        guard rest.first == "{", rest.last == "}", rest.count >= 2 else {
            return .failure(
                Malformed(reason: "what follows `\(language)` must be attributes in braces: {name=\"value\"}"))
        }
        var reader = Reader(rest: rest.dropFirst().dropLast())
        return reader.pairs().map { FenceAttributes(language: language, pairs: $0) }
    }

    subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }

    /// Why attributes could not be read.
    struct Malformed: Error, Hashable {
        let reason: String
    }

    static func == (one: Self, other: Self) -> Bool {
        one.language == other.language && one.pairs.elementsEqual(other.pairs) { $0 == $1 }
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(language)
        for pair in pairs {
            hasher.combine(pair.name)
            hasher.combine(pair.value)
        }
    }

    private struct Reader {
        var rest: Substring

        mutating func pairs() -> Result<[(name: String, value: String)], Malformed> {
            var pairs = [(name: String, value: String)]()
            while true {
                rest = rest.drop { $0.isWhitespace }
                guard !rest.isEmpty else { return .success(pairs) }
                let name = String(rest.prefix { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" })
                guard !name.isEmpty else { return .failure(Malformed(reason: "a name is wanted before `\(rest)`")) }
                guard !pairs.contains(where: { $0.name == name }) else {
                    return .failure(Malformed(reason: "`\(name)` is given twice"))
                }
                rest = rest.dropFirst(name.count)
                guard rest.first == "=" else {
                    pairs.append((name, ""))
                    continue
                }
                rest = rest.dropFirst()
                guard let quote = rest.first, quote == "\"" || quote == "'",
                    let end = rest.dropFirst().firstIndex(of: quote)
                else { return .failure(Malformed(reason: "the value of `\(name)` must be in quotes")) }
                pairs.append((name, String(rest[rest.index(after: rest.startIndex)..<end])))
                rest = rest[rest.index(after: end)...]
            }
        }
    }
}
