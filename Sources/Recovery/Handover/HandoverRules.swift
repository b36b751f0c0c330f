import DataSources

/// What the configuration says of handing over restored data.
public struct HandoverRules: Sendable, Hashable {
    /// How subjects are erased, one rule a kind.
    public var erasures: [ErasureRule]
    /// How data is masked; profiles of one name go together, one a source.
    public var masks: [MaskProfile]
    /// What begins anew after a rewind.
    public var epochs: [EpochHook]

    /// Rules.
    public init(erasures: [ErasureRule] = [], masks: [MaskProfile] = [], epochs: [EpochHook] = []) {
        self.erasures = erasures
        self.masks = masks
        self.epochs = epochs
    }

    /// Can anything be erased or masked in a source of this kind? Only where statements can be run on a copy.
    static func concerns(_ kind: SourceKind) -> Bool { kind == .mariadb || kind == .postgresql }

    /// Who gets a copy that is not for production.
    ///
    /// - Throws: `notConfigured` when there are profiles and neither one nor a reason was named.
    public func recipient(mask: String?, unmaskedReason: String?) throws -> Handover.Recipient {
        if let mask { return .masked(mask) }
        if let unmaskedReason { return .unmasked(reason: unmaskedReason) }
        guard masks.isEmpty else {
            throw RecoveryError(
                .notConfigured, "a copy that is not for production must be masked", subject: "masks",
                hint: "add --mask \(masks[0].name), or --unmasked REASON, which goes into the ledger")
        }
        return .unmasked(reason: "no mask profile is configured")
    }
}

/// A statement that makes what belongs to a moment before the rewind invalid: sessions, caches, queues.
public struct EpochHook: Sendable, Hashable {
    /// The database source.
    public var source: String
    /// The statement: `UPDATE app.settings SET session_epoch = session_epoch + 1`.
    public var sql: String
    /// The database it runs in; nil for the engine's default.
    public var database: String?

    /// A hook.
    public init(source: String, sql: String, database: String? = nil) {
        self.source = source
        self.sql = sql
        self.database = database
    }
}
