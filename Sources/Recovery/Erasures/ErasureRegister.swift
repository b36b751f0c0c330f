import DataSources
import Journal
import Repository
import Trees

/// Writes erasures down: one who asked before the live database is told, and the moment at which that was done.
public struct ErasureRegister: Sendable {
    /// What was written, or was there already.
    public struct Result: Sendable, Hashable, Codable {
        /// The entry.
        public var entry: ErasureEntry
        /// Was it written now? Else it was there already, and says the same.
        public var isNew: Bool
        /// What somebody should know.
        public var warnings: [String]

        enum CodingKeys: String, CodingKey {
            case entry, warnings
            case isNew = "is_new"
        }
    }

    let rules: [ErasureRule]
    let sources: [ProtectedSource]
    let context: RecoveryContext
    private var ledger: ErasureLedger { ErasureLedger(context.repository) }

    /// A register by the rules of the configuration, and its sources.
    public init(_ rules: [ErasureRule], sources: [ProtectedSource], in context: RecoveryContext) {
        self.rules = rules
        self.sources = sources
        self.context = context
    }

    /// Writes down that the subject of this key will be erased. One that is written down and not confirmed yet stays as it is.
    ///
    /// - Throws: `erasureUnknown` for a kind without a rule; `erasuresIncomplete`; what the store says.
    public func add(kind: String, key: String, reference: String? = nil) async throws -> Result {
        let rule = try rule(kind)
        let subject = ledger.subject(kind: kind, key: key)
        if let open = try await ledger.proven().erasures.last(where: { $0.added.subject == subject }),
            open.added.kind == kind, open.confirmed == nil
        {
            return Result(entry: open.added, isNew: false, warnings: [])
        }
        var warnings = [String]()
        if try await LiveSubjects(rule, in: self).presence(of: [subject]) == .found(0) {
            warnings.append("the live database has nobody of that key now; is it the right one?")
        }
        let time = context.now().rfc3339
        let entry = try await append {
            ErasureEntry(number: $0, moment: .add, kind: kind, subject: subject, time: time, reference: reference)
        }
        return Result(entry: entry, isNew: true, warnings: warnings)
    }

    /// Writes down that the erasure `number` has happened in the live database, and where that stands. One that was confirmed in
    /// a history which the live database has left, or that nobody knows the way from, is confirmed anew.
    ///
    /// The live database is asked first, and refuses by still having the subject, unless `force`. The position is asked for
    /// afterwards, so the deletion lies before it.
    ///
    /// - Throws: `erasureUnknown`, `subjectPresent`, `erasuresIncomplete`; what the store says.
    public func confirm(_ number: UInt64, force: Bool = false) async throws -> Result {
        let content = try await ledger.proven()
        guard let erasure = content.erasures.first(where: { $0.added.number == number }) else {
            throw unknown(number, content)
        }
        let rule = try rule(erasure.added.kind)
        if let confirmed = erasure.confirmed, try await !isCutOff(erasure, content, rule) {
            return Result(entry: confirmed, isNew: false, warnings: [])
        }
        var warnings = [String]()
        switch try await LiveSubjects(rule, in: self).presence(of: [erasure.added.subject]) {
        case .found(0): break
        case .found: warnings += try present(erasure.added, force)
        case .unknown(let reason): warnings.append("nobody looked whether the subject is gone: \(reason)")
        }
        let (position, timeline, problem) = try await stand(rule)
        if let problem { warnings.append("only the time is recorded, not the position: \(problem)") }
        let time = context.now().rfc3339
        let entry = try await append {
            ErasureEntry(
                number: $0, moment: .confirm, kind: erasure.added.kind, subject: erasure.added.subject, time: time,
                position: position, timeline: timeline, confirms: number)
        }
        return Result(entry: entry, isNew: true, warnings: warnings)
    }

    /// Is no confirmation of an erasure part of the history that is live now? Not when that cannot be told.
    private func isCutOff(
        _ erasure: Erasure, _ content: ErasureLedger.Content, _ rule: ErasureRule
    ) async throws -> Bool {
        let (position, timeline, _) = try await stand(rule)
        guard let position, let timeline, let source = sources.first(where: { $0.name == rule.source }) else {
            return false
        }
        let tree = try await TimelineStore(context, source: rule.source).tree()
        let live = RestoredMoment(kind: source.kind, position: position, time: context.now(), timeline: timeline)
        let own = content.entries.filter { $0.number == erasure.added.number || $0.confirms == erasure.added.number }
        return !DueErasures.due(own, kinds: [rule.kind], restored: live, timelines: tree).isEmpty
    }

    private func present(_ entry: ErasureEntry, _ force: Bool) throws -> [String] {
        guard !force else { return ["the subject is still in the live database"] }
        throw RecoveryError(
            .subjectPresent, "the subject of erasure \(entry.number) is still in the live database",
            subject: "erasures.\(entry.kind)",
            hint: "erase it there first; --force records it all the same, for one who registered again")
    }

    private func append(_ make: (UInt64) -> ErasureEntry) async throws -> ErasureEntry {
        let entry = try await ledger.append(make)
        let head = try await ledger.read().head
        try await context.recorder.record(
            "erasure", ErasureEvent(number: entry.number, moment: entry.moment, kind: entry.kind, head: head))
        return entry
    }

    /// Where the live database stands, or why that cannot be told.
    private func stand(
        _ rule: ErasureRule
    ) async throws -> (position: String?, timeline: UInt32?, problem: String?) {
        guard let source = live(rule) as? any LogSource else { return (nil, nil, "\(rule.source) has no log") }
        do {
            let state = try await source.logState()
            let live = try await TimelineStore(context, source: rule.source).tree().live
            // Its positions say nothing of the timeline that is known.
            if let live, live.server != state.server {
                return (nil, nil, "the journal has not seen the server that is live now")
            }
            return (state.position, live?.timeline, nil)
        } catch let error as SourceError {
            return (nil, nil, error.message)
        }
    }

    func live(_ rule: ErasureRule) -> (any DataSource)? {
        sources.first { $0.name == rule.source }.map { context.factory.dataSource($0, context.environment, nil) }
    }

    private func rule(_ kind: String) throws -> ErasureRule {
        if let rule = rules.first(where: { $0.kind == kind }) { return rule }
        throw RecoveryError(
            .erasureUnknown, "nothing says how a `\(kind)` is erased", subject: "erasures",
            hint: "describe it under `erasures:` in lifeboat.yaml")
    }

    private func unknown(_ number: UInt64, _ content: ErasureLedger.Content) -> RecoveryError {
        let other = content.entries.first { $0.number == number }
        return RecoveryError(
            .erasureUnknown,
            other?.confirms.map { "entry \(number) is the confirmation of erasure \($0)" }
                ?? "no erasure has the number \(number)",
            subject: "erasures", hint: "`lifeboat erasure list` shows all")
    }
}
