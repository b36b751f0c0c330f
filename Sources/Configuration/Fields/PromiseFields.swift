import Recovery
import Settings

extension Objective {
    init(_ fields: Fields) {
        self.init(
            rpo: fields.optional("rpo", .duration, help: "longest span of data that may be lost"),
            rto: fields.optional("rto", .duration, help: "longest time to restored service"))
    }
}

extension Assertion {
    init(_ fields: Fields) {
        self.init(
            name: fields.required("name", .line, help: "what is claimed"),
            sql: fields.required(
                "sql", .text, help: "query whose first column of the first row must not be NULL, 0, f or empty"),
            database: fields.optional("database", .line, help: "database it is asked in; the engine's default without"))
    }
}

extension PinSettings {
    init(_ fields: Fields) {
        self.init()
        tables = fields(
            "tables", .list(of: .line), help: "database.table; all, smallest first, by default", default: tables)
        budget = fields("budget", .duration, help: "how long it may take", default: budget)
        isOn = !fields("off", .boolean, help: "take no pins", default: !isOn)
    }
}

extension ReconcileSettings {
    init(_ fields: Fields) {
        self.init(
            query: fields.required(
                "query", .text, help: "one row a file: path below `root`, then, if wanted, size and SHA-256"),
            files: fields.required("files", .name, help: "the source of kind files that has them"),
            root: fields.required("root", .path, help: "folder that the paths are relative to"),
            database: fields.optional("database", .line, help: "database that is asked"))
    }
}
