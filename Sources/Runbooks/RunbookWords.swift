/// What the prose of a runbook leaves open: `{{service}}` and `{{contacts}}`. Filled in for people who read; shell text is never
/// touched, since what stands there is carried out.
public struct RunbookWords: Sendable, Hashable {
    /// What the service is called; nil when no configuration is at hand.
    public var service: String?
    /// Whom to call.
    public var contacts: [Contact]

    /// All that there are.
    static let names = ["contacts", "service"]
    static let noContacts = "(no contacts are known here: they stand under `contacts:` in lifeboat.yaml)"

    /// Words of a configuration; without one, what stands for nothing is said so.
    public init(service: String? = nil, contacts: [Contact] = []) {
        self.service = service
        self.contacts = contacts
    }

    /// Fills a text for a terminal.
    public func text(_ source: String) -> String {
        let lines = contacts.map { "  \($0.role): \($0.name), \($0.reach)" }.joined(separator: "\n")
        return source.replacing("{{service}}", with: service ?? "the service")
            .replacing("{{contacts}}", with: contacts.isEmpty ? RunbookWords.noContacts : lines)
    }

    /// Fills HTML; a paragraph of contacts alone becomes a table.
    func html(_ html: String) -> String {
        let rows = contacts.map { contact in
            let cells = [contact.role, contact.name, contact.phone ?? "", contact.mail ?? ""]
            return "<tr>" + cells.map { "<td>\(HTMLText.escaped($0))</td>" }.joined() + "</tr>\n"
        }
        let table = "<table class=\"contacts\">\n\(rows.joined())</table>"
        let line = contacts.map { "\($0.role): \($0.name), \($0.reach)" }.joined(separator: "; ")
        let inline = HTMLText.escaped(contacts.isEmpty ? RunbookWords.noContacts : line)
        return html.replacing("{{service}}", with: HTMLText.escaped(service ?? "the service"))
            .replacing("<p>{{contacts}}</p>", with: contacts.isEmpty ? "<p>\(inline)</p>" : table)
            .replacing("{{contacts}}", with: inline)
    }

    /// Names in double braces, in their order.
    static func names(in text: String) -> [String] {
        text.split(separator: "{{", omittingEmptySubsequences: false).dropFirst().compactMap { part in
            part.firstRange(of: "}}").map { String(part[..<$0.lowerBound]).trimmed }
        }
    }
}

/// Text within HTML.
enum HTMLText {
    /// With `& < > "` as entities.
    static func escaped(_ text: some StringProtocol) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
