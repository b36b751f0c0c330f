import Recovery
import Settings

extension HandoverRules {
    /// What stands between restored data and whoever wants to use it.
    init(_ fields: Fields) {
        self.init()
        erasures = fields(
            "erasures", .map(of: .object(ErasureRule.init)),
            help: "how people, or others who are erased on request, are found and erased, by kind", default: []
        ).map { entry in
            var rule = entry.value
            rule.kind = entry.name
            return rule
        }
        masks = fields(
            "masks", .map(of: .object(MaskFields.init)),
            help: "how personal data is made unreadable in copies that are not for production, by profile", default: []
        ).flatMap { entry in
            entry.value.profiles.map { profile in
                var profile = profile
                profile.name = entry.name
                return profile
            }
        }
        epochs = fields(
            "epochs", .list(of: .object(EpochHook.init)), help: "what begins anew after a rewind", default: [])
    }
}

extension ErasureRule {
    /// One kind of subject.
    init(_ fields: Fields) {
        self.init(
            kind: "", source: fields.required("source", .name, help: "the database source that knows them"),
            database: fields.optional("database", .line, help: "database that statements run in"),
            enumerate: fields.required(
                "enumerate", .text, help: "query whose first column lists the keys of all subjects there are"),
            erase: fields.required(
                "erase", .list(of: .text, minimumCount: 1),
                help: "statements that erase one, in this order; :key is its key, bound as a value"),
            verify: fields.required("verify", .text, help: "query that counts what is left of :key; must give 0"))
        filesSource = fields.optional("files-source", .name, help: "the source of kind files that has their files")
        filePatterns = fields(
            "files", .list(of: .path), help: "absolute patterns of their files, such as /srv/uploads/:key",
            default: filePatterns)
        if let wrong = filePatterns.first(where: { !$0.contains(":key") || $0.contains("[") }) {
            fields.problem(
                "files", message: "`\(wrong)` does not say whose files it means",
                hint: "name the subject by :key, such as /srv/uploads/:key; *, ? and ** stand for anything")
        }
    }
}

/// A named mask profile as it stands in the file: tables by source.
struct MaskFields {
    let profiles: [MaskProfile]

    init(_ fields: Fields) {
        profiles = fields.required(
            "sources", .map(of: .object(MaskProfile.init)), help: "what is masked, by source"
        ).map { entry in
            var profile = entry.value
            profile.source = entry.name
            return profile
        }
    }
}

extension MaskProfile {
    /// What is masked in one source.
    init(_ fields: Fields) {
        self.init(name: "", source: "", tables: [])
        tables = fields("tables", .list(of: .object(Table.init)), help: "tables with personal data", default: [])
        exempt = fields(
            "exempt", .list(of: .line), help: "tables that the scan for personal data leaves out, as database.table",
            default: exempt)
    }
}

extension MaskProfile.Table {
    /// Columns stand under what becomes of them.
    init(_ fields: Fields) {
        self.init(
            name: fields.required("table", .line, help: "database.table; for PostgreSQL database.schema.table"),
            columns: [])
        let masks: [(String, MaskProfile.Mask, String)] = [
            ("email", .email, "an address that no mail reaches"), ("name", .name, "a name that is none"),
            ("digits", .digits, "other digits"), ("text", .text, "x for every character"),
            ("hash", .hash, "a hash"), ("clear", .null, "NULL"),
        ]
        for (key, mask, help) in masks {
            columns += fields(key, .list(of: .line), help: "columns that become \(help)", default: [])
                .map { ($0, mask) }
        }
        columns += fields(
            "fixed", .list(of: .object(FixedColumn.init)), help: "columns that become a text of your own", default: []
        ).map { ($0.column, .fixed($0.value)) }
        if columns.isEmpty, !fields.isPlaceholder {
            fields.problem(
                "table", message: "has no column that is masked", hint: "`email: [email]`, `clear: [birthday]`")
        }
    }
}

/// A column and what it becomes.
private struct FixedColumn {
    let column: String
    let value: String

    init(_ fields: Fields) {
        column = fields.required("column", .line, help: "the column")
        value = fields.required("value", .text, help: "what every row gets")
    }
}

extension EpochHook {
    /// A statement after a rewind.
    init(_ fields: Fields) {
        self.init(
            source: fields.required("source", .name, help: "the database source"),
            sql: fields.required(
                "sql", .text, help: "statement that makes sessions, caches or queues of before invalid"),
            database: fields.optional("database", .line, help: "database it runs in"))
    }
}
