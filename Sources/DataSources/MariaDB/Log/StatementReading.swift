/// What a statement in the log does, and to which tables: by its first words, for people to find it by. No parser of SQL.
struct StatementReading {
    let action: EventQuestion.Action
    /// `database.table`, of the first tables that it names.
    let tables: [String]
    /// It makes or changes an event of the event scheduler.
    let isAboutEvents: Bool

    init(_ text: String, database: String) {
        var words = StatementWords(text)
        let verb = words.next()?.uppercased() ?? ""
        var kind = ""
        switch verb {
        case "DROP", "TRUNCATE", "ALTER", "CREATE", "RENAME": kind = StatementReading.skipToKind(&words)
        default:
            StatementReading.skip(
                &words, ["LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY", "QUICK", "IGNORE", "INTO", "FROM"])
        }
        action = StatementReading.actions[verb] ?? .other
        isAboutEvents = kind == "EVENT"
        if verb == "LOAD" { while let word = words.next(), word.uppercased() != "TABLE" {} }
        guard action != .other, kind.isEmpty || ["TABLE", "TABLES", "VIEW", "SEQUENCE", "DATABASE"].contains(kind)
        else {
            tables = []
            return
        }
        StatementReading.skip(&words, ["IF", "NOT", "EXISTS"])
        let takesMany = verb == "DROP"
        var tables = [String]()
        repeat {
            guard let name = words.name() else { break }
            if kind == "DATABASE" {
                tables.append("\(name).*")
            } else if words.skip(".") {
                tables.append("\(name).\(words.name() ?? "")")
            } else {
                tables.append("\(database).\(name)")
            }
        } while takesMany && tables.count < 100 && words.skip(",")
        self.tables = tables
    }

    private static let actions: [String: EventQuestion.Action] = [
        "DROP": .drop, "TRUNCATE": .truncate, "ALTER": .alter, "RENAME": .alter, "CREATE": .create, "INSERT": .insert,
        "REPLACE": .insert, "LOAD": .insert, "UPDATE": .update, "DELETE": .delete,
    ]

    /// Goes on to the word that says what kind of thing it is: `CREATE OR REPLACE TEMPORARY TABLE`.
    private static func skipToKind(_ words: inout StatementWords) -> String {
        for _ in 0..<12 {
            guard let word = words.peek()?.uppercased() else { return "" }
            switch word {
            case "SCHEMA":
                _ = words.next()
                return "DATABASE"
            case "TABLE", "TABLES", "VIEW", "SEQUENCE", "DATABASE", "EVENT", "TRIGGER", "PROCEDURE", "FUNCTION", "USER",
                "ROLE", "INDEX", "SERVER", "PACKAGE":
                _ = words.next()
                return word
            default: _ = words.next()
            }
        }
        return ""
    }

    private static func skip(_ words: inout StatementWords, _ names: Set<String>) {
        while let word = words.peek(), names.contains(word.uppercased()) { _ = words.next() }
    }
}

/// The words of a statement: names, quoted ones too, and single signs; comments are passed over, but not the text of `/*!`.
struct StatementWords {
    private let bytes: [UInt8]
    private var at = 0

    init(_ text: String) { bytes = Array(text.utf8.prefix(64 << 10)) }

    mutating func peek() -> String? {
        let before = at
        defer { at = before }
        return next()
    }

    /// A sign that comes next is taken.
    mutating func skip(_ sign: String) -> Bool {
        guard peek() == sign else { return false }
        _ = next()
        return true
    }

    /// A name, without its backticks.
    mutating func name() -> String? {
        guard let word = next() else { return nil }
        guard let quote = word.first, quote == "`" || quote == "\"" else { return word }
        let inner = word.dropFirst().dropLast()
        return String(inner).replacing("\(quote)\(quote)", with: "\(quote)")
    }

    mutating func next() -> String? {
        skipSpace()
        guard at < bytes.count else { return nil }
        let start = at
        let first = bytes[at]
        at += 1
        if first == 0x60 || first == 0x22 || first == 0x27 {
            skipQuoted(first)
        } else if StatementWords.isWord(first) {
            while at < bytes.count, StatementWords.isWord(bytes[at]) { at += 1 }
        }
        return String(decoding: bytes[start..<at], as: UTF8.self)
    }

    private mutating func skipQuoted(_ quote: UInt8) {
        while at < bytes.count {
            if bytes[at] == 0x5C, quote != 0x60 {
                at += 1
            } else if bytes[at] == quote {
                guard at + 1 < bytes.count, bytes[at + 1] == quote else {
                    at += 1
                    return
                }
                at += 1
            }
            at += 1
        }
        at = min(at, bytes.count)
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        byte >= 0x80 || byte == 0x5F || byte == 0x24 || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte)
            || (0x61...0x7A).contains(byte)
    }

    private mutating func skipSpace() {
        while at < bytes.count {
            let rest = bytes[at...]
            if bytes[at] <= 0x20 || rest.starts(with: "*/".utf8) {
                at += bytes[at] <= 0x20 ? 1 : 2
            } else if rest.starts(with: "/*!".utf8) || rest.starts(with: "/*M!".utf8) {
                at += bytes[at + 2] == 0x21 ? 3 : 4
                while at < bytes.count, (0x30...0x39).contains(bytes[at]) { at += 1 }
            } else if rest.starts(with: "/*".utf8) {
                at += 2
                while at < bytes.count, !bytes[at...].starts(with: "*/".utf8) { at += 1 }
                at = min(at + 2, bytes.count)
            } else if bytes[at] == 0x23 || rest.starts(with: "-- ".utf8) {
                while at < bytes.count, bytes[at] != 0x0A { at += 1 }
            } else {
                return
            }
        }
    }
}
