public import DataSources
public import Drills
public import Recovery
public import Runbooks
public import Sealing
public import Settings

/// `lifeboat.yaml`, read and cross-checked: what is protected, where it goes, and when.
public struct LifeboatConfiguration: Sendable {
    /// How a secret is fetched; handed in, so that reading a file touches nothing else.
    public typealias SecretResolver = @Sendable (SecretReference) -> SecretSource

    /// The file, as it was named.
    public var file: String
    /// Its text as it was read; a recovery point embeds it.
    public var text: String
    /// SHA-256 of the text.
    public var digest: Digest
    /// What all of it serves: small letters, digits, `-`.
    public var service: String
    /// Folder for what must outlast a run.
    public var state: String
    /// This machine, as snapshots and events name it.
    public var node: String
    /// Countries that stores may be in, as ISO 3166 alpha-2; empty for any.
    public var allowedCountries: [String]
    /// Where data goes.
    public var stores: [StoreSettings]
    /// What is protected.
    public var sources: [ProtectedSource]
    /// What goes together, and when.
    public var plans: [Plan]
    /// How restored data is handed over: erasures, masks, epochs.
    public var handover: HandoverRules
    /// What is run while several sources are restored.
    public var hooks: ServiceHooks
    /// A table of a console that gets a row for each drill; nil for none.
    public var mirror: MirrorSettings?
    /// Whom to call, in the order in which they are called.
    public var contacts: [Contact]
    /// Things to know that are no errors.
    public var warnings: [SettingsProblem]
    /// What is in effect: the file's values and all defaults, secrets as references.
    public var effective: SettingsValue

    /// The largest file that is read, bytes.
    public static let largestByteCount = 1 << 20

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - text: what the file holds.
    ///   - file: what it is called in messages.
    ///   - hostname: the machine's name, which `node` is by default.
    ///   - resolve: makes the fetching of a secret; the fetching itself happens later, if ever.
    /// - Throws: all problems of the file together.
    public init(
        text: String, file: String, hostname: String, resolve: @escaping SecretResolver
    ) throws(SettingsError) {
        let document = try SettingsDocument(file: file, text: text) { fields in
            let content = FileContent(fields, hostname: hostname, resolve)
            CrossChecks(content, fields).run()
            return content
        }
        let content = document.value
        self.file = file
        self.text = text
        digest = SHA256.digest(Array(text.utf8))
        service = content.service
        state = content.state
        node = content.node
        allowedCountries = content.allowedCountries
        stores = content.stores
        sources = content.sources
        plans = content.plans.map(\.plan)
        handover = content.handover
        hooks = content.hooks
        mirror = content.mirror
        contacts = content.contacts
        warnings = document.warnings
        effective = document.effective
    }

    /// JSON Schema (draft 2020-12) of the file, from the code that reads it.
    public static var schema: SettingsValue {
        SettingsSchema.of(title: "Configuration of Lifeboat") { fields in
            FileContent(fields, hostname: "host name") { _ in { SecretBytes([]) } }
        }
    }

    /// The store of that name.
    public func store(_ name: String) -> StoreSettings? { stores.first { $0.name == name } }

    /// The source of that name.
    public func source(_ name: String) -> ProtectedSource? { sources.first { $0.name == name } }

    /// The plan of that name.
    public func plan(_ name: String) -> Plan? { plans.first { $0.name == name } }
}
