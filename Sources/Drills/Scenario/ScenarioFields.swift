import Runbooks
public import Settings

extension Scenario {
    /// Reads the file of a scenario.
    ///
    /// - Parameters:
    ///   - text: what the file holds, values filled in (`EnvironmentValues`).
    ///   - file: what it is called in messages.
    /// - Throws: all problems together.
    public init(text: String, file: String) throws(SettingsError) {
        self = try SettingsDocument(file: file, text: text) { Scenario($0) }.value
    }

    /// JSON Schema of the file.
    public static var schema: SettingsValue { SettingsSchema.of(title: "Scenario of drills") { Scenario($0) } }

    init(_ fields: Fields) {
        id = fields.required("scenario", .line, help: "a letter or a word")
        title = fields.required("title", .line, help: "what happens, in a line")
        runbook = fields.required("runbook", .line, help: "the runbook's file, below the folder of the project")
        objective = fields.section("objective", help: "what the owner accepts", Objective.init)
        faults = fields.required(
            "faults", .list(of: .object(Fault.init), minimumCount: 1), help: "what breaks, in this order")
        workload = fields.optional(
            "workload", .text, help: "shell command that keeps the service busy until it is ended")
        beats = fields.section("beats", help: "what is written, and looked for again", BeatPlan.init)
        probes = fields.required(
            "probes", .map(of: .object(Probe.init)), help: "what is asked again and again from outside"
        ).map { entry in
            var probe = entry.value
            probe.name = entry.name
            return probe
        }
        detectedBy = fields.required(
            "detected-by", .list(of: .name, minimumCount: 1), help: "probes any of which notices the failure")
        degradedBy = fields("degraded-by", .list(of: .name), help: "probes that all answer when degraded", default: [])
        recoveredBy = fields.required(
            "recovered-by", .list(of: .name, minimumCount: 1), help: "probes that all answer when whole")
        detectionTimeout = fields(
            "detection-timeout", .duration, help: "how long it may stay unnoticed", default: .seconds(300))
        recoveryTimeout = fields(
            "recovery-timeout", .duration, help: "how long it may stay down after the last step", default: .seconds(300)
        )
        masks = fields.optional("masks", .name, help: "mask profile that must have been applied")
        personal = fields(
            "personal", .list(of: .line), help: "columns known to be personal in production, as database.table.column",
            default: [])
        fence = fields.section("fence", help: "what drill copies must not do") { fields in
            Fence(
                canary: fields.optional(
                    "canary", .line, help: "address:port that must hear nothing, instead of the environment's"),
                isRequired: fields(
                    "required", .boolean, help: "prove nothing where it cannot be proven", default: false))
        }
        examinations = fields(
            "examine", .list(of: .object(Examination.init)), help: "what must hold at the end", default: [])
        for (key, names) in [("detected-by", detectedBy), ("degraded-by", degradedBy), ("recovered-by", recoveredBy)] {
            for (index, name) in names.enumerated() where !probes.contains(where: { $0.name == name }) {
                fields.unknownName(at: [key, "\(index)"], name, among: probes.map(\.name), called: "probe")
            }
        }
    }
}

extension Scenario.Objective {
    init(_ fields: Fields) {
        rpoDatabase = fields.required("rpo-database", .duration, help: "rows that may be lost")
        rpoFiles = fields.required("rpo-files", .duration, help: "files that may be lost")
        degraded = fields.optional("degraded", .duration, help: "longest time to a degraded service")
        full = fields.required("full", .duration, help: "longest time to the whole service")
    }
}

extension Scenario.Examination {
    init(_ fields: Fields) {
        name = fields.required("name", .line, help: "what must hold")
        script = RunbookScript(
            text: fields.required("script", .text, help: "shell text that ends with 0 when it holds"),
            host: fields("on", .name, help: "host it runs on", default: "operator"),
            timeout: fields("timeout", .duration, help: "how long it may take", default: .seconds(300)), line: 1)
    }
}

extension Fault {
    init(_ fields: Fields) {
        kind = fields.required("kind", .choice(Kind.self), help: "what is done")
        host = fields.required("host", .name, help: "where")
        path = fields.optional("path", .line, help: "file, folder, prefix of objects, or name")
        table = fields.optional("table", .line, help: "database.table; of PostgreSQL schema.table")
        column = fields.optional("column", .line, help: "a column of it")
        condition = fields.optional("where", .text, help: "which rows, as SQL; all when left out")
        script = fields.optional("script", .text, help: "shell text, for kind `run`")
        delay = fields("after", .duration, help: "so long after the one before", default: .zero)
        let wanted: [(String, Bool)] =
            switch kind {
            case .killHost, .cutLink: []
            case .fillVolume, .deleteFiles, .encryptFiles, .deleteObjects, .withholdCredentials, .staleDNS:
                [("path", path != nil)]
            case .dropTable, .deleteRows: [("table", table != nil)]
            case .garbleRows: [("table", table != nil), ("column", column != nil)]
            case .run: [("script", script != nil)]
            }
        for (key, isThere) in wanted where !isThere && !fields.isPlaceholder {
            fields.problem(key, message: "is missing", hint: "`\(kind.rawValue)` wants it")
        }
    }
}
