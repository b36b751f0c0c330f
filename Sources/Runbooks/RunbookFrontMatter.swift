import Settings

extension Runbook.Head {
    init(_ fields: Fields) {
        title = fields.required("title", .line, help: "what it is called")
        scenario = fields.required("scenario", .line, help: "the scenario it is for")
        owner = fields.required("owner", .line, help: "who keeps it true")
        reviewBy = fields.required("review-by", .day, help: "the day until which somebody reads it again")
        let objective = fields.section("objective", help: "the longest times it may take") { fields in
            (
                degraded: fields.optional("degraded", .duration, help: "to a degraded service"),
                full: fields.required("full", .duration, help: "to the whole service")
            )
        }
        (degraded, full) = objective
        variables =
            fields.optional(
                "variables", .list(of: .line), help: "variables that environment or plan must give", default: []) ?? []
    }
}

/// Where the front matter ends, and what comes behind; lines keep their numbers in both.
struct FrontMatter {
    /// YAML, with an empty line in place of each fence.
    var yaml: String
    /// Markdown, with empty lines in place of the front matter.
    var body: String

    /// nil when the text does not begin with front matter.
    init?(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.first == "---", let end = lines.dropFirst().firstIndex(of: "---") else { return nil }
        yaml = "\n" + lines[1..<end].joined(separator: "\n") + "\n"
        body = String(repeating: "\n", count: end + 1) + lines[(end + 1)...].joined(separator: "\n")
    }
}

extension SettingKind<String> {
    /// A day: `2027-02-01`.
    fileprivate static var day: SettingKind {
        .scalar(
            "a day", schema: ["type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"], placeholder: "2027-02-01",
            parse: { text throws(SettingRefusal) in
                let parts = text.split(separator: "-", omittingEmptySubsequences: false)
                guard parts.map(\.count) == [4, 2, 2], let month = Int(parts[1]), let day = Int(parts[2]),
                    Int(parts[0]) != nil, (1...12).contains(month), (1...31).contains(day)
                else { throw SettingRefusal("is no day", hint: "write year, month, day: 2027-02-01") }
                return text
            }, show: { .text($0) })
    }
}
