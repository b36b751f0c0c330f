import Yams

extension YAMLText {
    /// Where alias number `number` stands, counted from 0. A `*` at the beginning of a word counts, wherever it is: that some
    /// of them are in text or comments does no harm.
    func alias(number: Int) -> SettingsPlace? {
        var place = SettingsPlace()
        var count = 0
        var before: Unicode.Scalar = "\n"
        for (offset, scalar) in scalars.enumerated() {
            let next = offset + 1 < scalars.count ? scalars[offset + 1] : " "
            if scalar == "*", " \n\r\t,[{:-?".unicodeScalars.contains(before),
                next.properties.isAlphabetic
                    || ("0"..."9").contains(next) || next == "_" || next == "-"
            {
                if count == number { return place }
                count += 1
            }
            if YAMLText.lineEnds.contains(scalar) {
                place = SettingsPlace(line: place.line + 1, column: 1)
            } else {
                place.column += 1
            }
            before = scalar
        }
        return nil
    }

    func tell(_ error: any Error) {
        switch error {
        case YamlError.scanner(let context, let problem, let mark, _),
            YamlError.parser(let context, let problem, let mark, _),
            YamlError.composer(let context, let problem, let mark, _):
            let place = SettingsPlace(line: mark.line, column: mark.column)
            if let offset = offset(of: place), scalars[offset] == "\t" {
                reader.problem(place, [], "a tab indents this line", hint: "indent with spaces; YAML knows no tabs")
                return
            }
            if problem.contains("another document") {
                reader.problem(place, [], "a second document begins", hint: "the file is one; remove the line `---`")
                return
            }
            let during = context.map { " \($0.text)" } ?? ""
            reader.problem(place, [], "this is no YAML: \(problem)\(during)", hint: YAMLText.hint(problem + during))
        case YamlError.reader(let problem, let offset, _, let text):
            let before = text.prefix(offset ?? 0).split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            let place = SettingsPlace(line: max(1, before.count), column: (before.last?.unicodeScalars.count ?? 0) + 1)
            reader.problem(place, [], "this is no YAML: \(problem)", hint: "is it a text file in UTF-8?")
        default:
            reader.problem(SettingsPlace(), [], "this is no YAML: \(error)")
        }
    }

    private static func hint(_ problem: String) -> String {
        if problem.contains("mapping values are not allowed") { return "quote a value that holds `: `" }
        if problem.contains("cannot start any token") { return "quote a value that begins with this character" }
        if problem.contains("alias") { return "quote text that begins with `*`" }
        return "check the indentation, brackets and quotes here and on the line above"
    }
}
