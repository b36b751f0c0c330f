/// Passwords in statements about accounts: the log has them as they were typed, and nobody who looks for a DROP shall read them.
enum StatementSecrets {
    private static let words = ["IDENTIFIED", "PASSWORD"]

    /// The text with `***` for every literal behind the first word of such a statement; also for one that is cut off.
    static func hidden(in text: String) -> String {
        let places = words.compactMap { text.range(of: $0, ignoringCase: true) }
        guard let first = places.min() else { return text }
        var result = String(text[..<first])
        var rest = text[first...]
        while let open = rest.firstIndex(where: { $0 == "'" || $0 == "\"" }) {
            result += rest[..<open] + "'***'"
            rest = behind(rest[open...])
        }
        return result + rest
    }

    /// What follows the literal that `text` begins with. A quote in it is doubled or has a backslash before it.
    private static func behind(_ text: Substring) -> Substring {
        let quote = text.first
        var rest = text.dropFirst()
        while let character = rest.popFirst() {
            if character == "\\" {
                _ = rest.popFirst()
            } else if character == quote {
                guard rest.first == quote else { return rest }
                rest.removeFirst()
            }
        }
        return rest
    }
}

extension String {
    /// Where a word of ASCII begins, in small or capital letters.
    fileprivate func range(of word: String, ignoringCase: Bool) -> Index? {
        var rest = self[...]
        while !rest.isEmpty {
            if rest.prefix(word.count).uppercased() == word { return rest.startIndex }
            rest.removeFirst()
        }
        return nil
    }
}
