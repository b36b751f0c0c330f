import DataSources
import Drills
import Recovery
import Runbooks
import Settings

/// The keys of `lifeboat.yaml`.
struct FileContent {
    let service: String
    let state: String
    let node: String
    let allowedCountries: [String]
    let stores: [StoreSettings]
    let sources: [ProtectedSource]
    let plans: [ScheduledPlan]
    let handover: HandoverRules
    let hooks: ServiceHooks
    let mirror: MirrorSettings?
    let contacts: [Contact]

    init(_ fields: Fields, hostname: String, _ resolve: @escaping LifeboatConfiguration.SecretResolver) {
        service = fields.required("service", .name, help: "what all of this serves: small letters, digits, -")
        state = fields(
            "state", .path, help: "folder for what must outlast a run", default: "/var/lib/lifeboat")
        node = fields(
            "node", .line, help: "this machine's name in snapshots and events; the host name by default",
            default: hostname)
        allowedCountries = fields(
            "allowed-countries", .list(of: .country),
            help: "countries that stores may be in; stores elsewhere, or of unknown country, are refused", default: [])
        stores = fields.required("stores", .map(of: .object(StoreSettings.init)), help: "where data goes, by name")
            .map { entry in
                var store = entry.value
                store.name = entry.name
                return store
            }
        sources = fields.required("sources", .map(of: SourceFields(resolve).kind), help: "what is protected, by name")
            .map { entry in
                var source = entry.value
                source.name = entry.name
                return source
            }
        plans = fields("plans", .map(of: .object(ScheduledPlan.init)), help: "what goes together, by name", default: [])
            .map { entry in
                var plan = entry.value
                plan.plan.name = entry.name
                return plan
            }
        handover = HandoverRules(fields)
        hooks = ServiceHooks(
            degraded: fields.optional(
                "degraded", .text, help: "shell command run once all sources with `restore-class: first` are restored"),
            recovered: fields.optional(
                "recovered", .text, help: "shell command run once all sources of a restore of several are restored"))
        mirror = fields.optional(
            "mirror", .object { MirrorSettings($0, resolve) }, help: "table of a console that gets a row for each drill"
        )
        contacts = fields(
            "contacts", .list(of: .object(Contact.init)),
            help: "whom to call; runbooks name them where they say {{contacts}}",
            default: [])
    }
}

extension SettingKind<String> {
    /// A country: two capital letters.
    static var country: SettingKind {
        .scalar(
            "a country", schema: ["type": "string", "pattern": "^[A-Z]{2}$"], placeholder: "",
            parse: { text throws(SettingRefusal) in
                guard text.utf8.count == 2, text.utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else {
                    throw SettingRefusal("is no country", hint: "write the two capital letters of ISO 3166: DE, IS, NL")
                }
                return text
            }, show: { .text($0) })
    }
}
