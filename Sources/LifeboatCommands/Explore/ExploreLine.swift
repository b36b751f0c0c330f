import Recovery

/// A line that was typed, understood.
enum ExploreLine: Equatable {
    case nothing, help, quit, whereabouts, promote, client
    case next(Int)
    case step(ExploreStep)
    case sql(String, database: String?)
    case export(ExportRequest)
    case diff(table: String, condition: String?, key: [String], filesFolder: String?, file: String)

    private static let countLimit = 10_000

    /// - Throws: `invalidArgument`.
    init(_ line: String) throws {
        let text = line.trimmed
        let verb = String(text.prefix { !$0.isWhitespace })
        let rest = String(text.dropFirst(verb.count)).trimmed
        switch verb {
        case "": self = .nothing
        case "help", "?": self = .help
        case "quit", "exit": self = .quit
        case "where": self = .whereabouts
        case "promote": self = .promote
        case "next":
            guard rest.isEmpty || Self.count(rest) != nil else { throw Self.wrong("next [N]", rest) }
            self = .next(Self.count(rest) ?? 5)
        case "step": self = .step(try Self.step(rest))
        case "sql": self = try Self.statement(rest)
        case "export", "diff": self = try Self.comparison(verb, try Self.words(rest))
        default: throw Self.wrong("help", verb)
        }
    }

    private static func wrong(_ form: String, _ text: String) -> CommandError {
        CommandError(
            .invalidArgument, "this is not understood: \(text.isEmpty ? "(nothing)" : text)",
            hint: form == "help" ? "`help` lists the commands" : form)
    }

    private static func count(_ text: some StringProtocol) -> Int? {
        Int(text).flatMap { (1...countLimit).contains($0) ? $0 : nil }
    }

    private static func step(_ text: String) throws -> ExploreStep {
        let failure = wrong("step +30s, step +1tx or step to POSITION", text)
        if text.hasPrefix("to ") { return .to(String(text.dropFirst(3)).trimmed) }
        guard text.hasPrefix("+") else { throw failure }
        let amount = text.dropFirst()
        if amount.hasSuffix("tx") {
            guard let count = count(amount.dropLast(2)) else { throw failure }
            return .transactions(count)
        }
        guard let span = DurationArgument(argument: String(amount)) else { throw failure }
        return .seconds(span.value / .seconds(1))
    }

    private static func statement(_ text: String) throws -> ExploreLine {
        guard text.hasPrefix("--database ") else { return text.isEmpty ? .client : .sql(text, database: nil) }
        let after = String(text.dropFirst("--database ".count)).trimmed
        let database = String(after.prefix { !$0.isWhitespace })
        let sql = String(after.dropFirst(database.count)).trimmed
        guard !sql.isEmpty else { throw wrong("sql --database D SELECT …", text) }
        return .sql(sql, database: database)
    }

    private static func comparison(_ verb: String, _ words: [String]) throws -> ExploreLine {
        var (table, condition, folder, file) = (String?.none, String?.none, String?.none, String?.none)
        var key = [String]()
        var definition = false
        var rest = words[...]
        let form =
            verb == "diff"
            ? "diff --table T [--where CONDITION] [--key COLUMN]… [--files DIR] FILE"
            : "export --table T [--where CONDITION | --definition] FILE"
        while let word = rest.popFirst() {
            guard word.hasPrefix("--") else {
                guard file == nil else { throw wrong(form, word) }
                file = word
                continue
            }
            if word == "--definition", verb == "export" {
                definition = true
                continue
            }
            guard let value = rest.popFirst(), !value.isEmpty else { throw wrong(form, word) }
            switch word {
            case "--table": table = value
            case "--where": condition = value
            case "--key" where verb == "diff": key.append(value)
            case "--files" where verb == "diff": folder = value
            default: throw wrong(form, word)
            }
        }
        guard let table, let file, !definition || condition == nil else {
            throw wrong(form, words.joined(separator: " "))
        }
        return verb == "export"
            ? .export(ExportRequest(table: table, condition: condition, withDefinition: definition, file: file))
            : .diff(table: table, condition: condition, key: key, filesFolder: folder, file: file)
    }

    /// Words with quotes as a shell has them; nothing is expanded.
    static func words(_ text: String) throws -> [String] {
        var words = [String]()
        var current: String?
        var quote: Character?
        for character in text {
            if let open = quote {
                if character == open { quote = nil } else { current = (current ?? "") + String(character) }
            } else if character == "'" || character == "\"" {
                quote = character
                current = current ?? ""
            } else if character.isWhitespace {
                if let word = current { words.append(word) }
                current = nil
            } else {
                current = (current ?? "") + String(character)
            }
        }
        guard quote == nil else { throw wrong("help", "a quote is not closed") }
        return words + (current.map { [$0] } ?? [])
    }
}

extension String {
    fileprivate var trimmed: String {
        String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
    }
}
