import DataSources

/// Looks in a live database for subjects that are known by their hashes.
struct LiveSubjects {
    /// How many are there.
    enum Presence: Equatable {
        case found(Int)
        /// It could not be asked.
        case unknown(String)
    }

    private let rule: ErasureRule
    private let source: (any DataSource)?
    private let ledger: ErasureLedger

    init(_ rule: ErasureRule, in register: ErasureRegister) {
        self.rule = rule
        source = register.live(rule)
        ledger = ErasureLedger(register.context.repository)
    }

    /// How many of `subjects` the rule's `enumerate` finds.
    ///
    /// - Throws: `CancellationError`; that the server cannot be asked is an answer.
    func presence(of subjects: Set<String>) async throws -> Presence {
        guard let live = source as? any LiveDatabase else {
            return .unknown("\(rule.source) is not a database server of the configuration")
        }
        do {
            let keys = try await live.ask(rule.enumerate, database: rule.database).compactMap { $0.first ?? nil }
            return .found(subjects.intersection(keys.lazy.map { ledger.subject(kind: rule.kind, key: $0) }).count)
        } catch let error as SourceError {
            return .unknown(error.message)
        }
    }
}
