/// How people, or whatever else is erased on request, are found in a database and erased from it: one kind of subject.
///
/// Statements name the subject's key as `:key`, which is bound as a value and never spliced into the text.
public struct ErasureRule: Sendable, Hashable {
    /// The kind of subject: `user`, `tenant`.
    public var kind: String
    /// The database source.
    public var source: String
    /// The database that statements run in; nil for the engine's default.
    public var database: String?
    /// Query whose first column lists the keys of all subjects there are: `SELECT id FROM users`.
    public var enumerate: String
    /// Statements that erase one, in this order.
    public var erase: [String]
    /// Query that counts what is left of one; must give 0.
    public var verify: String
    /// Files of one, as absolute patterns in the source `files`: `/srv/uploads/:key/**`.
    public var filePatterns: [String] = []
    /// The source of kind `files` that has them.
    public var filesSource: String?

    /// A rule.
    public init(
        kind: String, source: String, database: String? = nil, enumerate: String, erase: [String], verify: String
    ) {
        self.kind = kind
        self.source = source
        self.database = database
        self.enumerate = enumerate
        self.erase = erase
        self.verify = verify
    }
}
