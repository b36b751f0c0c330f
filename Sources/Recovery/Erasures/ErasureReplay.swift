import DataSources

/// Erases again, from a restored database, everybody who was erased since the moment that was restored.
struct ErasureReplay: Sendable {
    let rules: [ErasureRule]
    let ledger: ErasureLedger

    /// What came of it.
    struct Outcome: Sendable, Hashable, Codable {
        /// Entries of the ledger that were looked at, and its head.
        var head: ErasureHead
        /// Subjects whose erasure is younger than what was restored.
        var dueCount = 0
        /// Of these, found in the restored data and erased.
        var erasedCount = 0
    }

    /// Erases on `server` the subjects that are due. With `hasTrees` their files must be found too.
    ///
    /// - Throws: `notHandedOver` when a statement fails, or somebody is still there afterwards.
    func run(
        on server: any ScratchServer, source: String, kind: SourceKind, due: [DueErasures.Subject],
        head: ErasureHead, hasTrees: Bool
    ) async throws -> Outcome {
        var outcome = Outcome(head: head, dueCount: due.count)
        for rule in rules where rule.source == source {
            let subjects = Set(due.filter { $0.kind == rule.kind }.map(\.subject))
            if subjects.isEmpty { continue }
            for key in try await keys(of: rule, on: server)
            where subjects.contains(ledger.subject(kind: rule.kind, key: key)) {
                if hasTrees { try requireName(key, rule) }
                try await erase(key, rule, on: server, kind)
                outcome.erasedCount += 1
            }
        }
        return outcome
    }

    /// Every kind in the ledger needs a rule, or its subjects would come back unnoticed.
    ///
    /// - Throws: `notHandedOver`.
    func requireRules(for content: ErasureLedger.Content) throws {
        let known = Set(rules.map(\.kind))
        guard let missing = content.entries.first(where: { !known.contains($0.kind) }) else { return }
        throw RecoveryError(
            .notHandedOver,
            "entry \(missing.number) of the erasure ledger is of the kind `\(missing.kind)`, which nothing erases",
            subject: ErasureLedger.name(missing.number), hint: "describe it under `erasures:` in lifeboat.yaml")
    }

    private func keys(of rule: ErasureRule, on server: any ScratchServer) async throws -> [String] {
        try await told("enumerate", rule) {
            try await server.query(rule.enumerate, database: rule.database).compactMap { $0.first ?? nil }
        }
    }

    private func erase(
        _ key: String, _ rule: ErasureRule, on server: any ScratchServer, _ kind: SourceKind
    ) async throws {
        for statement in rule.erase {
            try await told("erase", rule) {
                _ = try await server.query(SQLTemplate(statement).bound(to: key, kind: kind), database: rule.database)
            }
        }
        let left = try await told("verify", rule) {
            try await server.query(SQLTemplate(rule.verify).bound(to: key, kind: kind), database: rule.database)
        }
        guard left.first?.first == "0" else {
            throw RecoveryError(
                .notHandedOver,
                "after its erasure a subject of the kind `\(rule.kind)` is still there: `verify` gives \((left.first?.first ?? nil) ?? "nothing") instead of 0",
                subject: rule.source, hint: "mend `erase` or `verify` of erasures.\(rule.kind) in lifeboat.yaml")
        }
    }

    private func told<R>(_ what: String, _ rule: ErasureRule, _ body: () async throws -> R) async throws -> R {
        do {
            return try await body()
        } catch {
            if Task.isCancelled { throw CancellationError() }
            throw RecoveryError(
                .notHandedOver, "\(what) of erasures.\(rule.kind) failed: \(PointPart.Failure(error).message)",
                subject: rule.source, hint: "mend it in lifeboat.yaml; what was restored is not handed over",
                cause: error)
        }
    }

    /// A key that cannot be part of a name is one whose files cannot be found: then nobody may believe that they were.
    private func requireName(_ key: String, _ rule: ErasureRule) throws {
        guard !rule.filePatterns.isEmpty, key.isEmpty || key.contains(where: { "/\0".contains($0) }) else { return }
        throw RecoveryError(
            .notHandedOver, "the key of a subject cannot stand in a path", subject: "erasures.\(rule.kind)",
            hint: "name files by a key of another kind, or erase them by hand")
    }
}
