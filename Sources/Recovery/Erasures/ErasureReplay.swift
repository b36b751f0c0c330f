import DataSources
import Glibc
import ObjectStore

/// Erases again, from a restored database and its restored files, everybody who was erased since the moment that was restored.
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
        /// Files removed.
        var fileCount = 0
    }

    /// Erases on `server`. `files` are the folders in which the trees of sources of kind `files` were restored, by source: an
    /// absolute path of a pattern lies below it.
    ///
    /// - Throws: `notHandedOver` when a rule is missing, a statement fails, or somebody is still there afterwards.
    func run(
        on server: any ScratchServer, source: String, restored: RestoredMoment, content: ErasureLedger.Content,
        files: [String: String] = [:]
    ) async throws -> Outcome {
        var outcome = Outcome(head: content.head)
        let rules = rules.filter { $0.source == source }
        let due = DueErasures.due(content.entries, kinds: Set(rules.map(\.kind)), restored: restored)
        outcome.dueCount = due.count
        for rule in rules {
            let subjects = Set(due.filter { $0.kind == rule.kind }.map(\.subject))
            if subjects.isEmpty { continue }
            for key in try await keys(of: rule, on: server)
            where subjects.contains(ledger.subject(kind: rule.kind, key: key)) {
                try await erase(key, rule, on: server, restored.kind)
                outcome.erasedCount += 1
                if let source = rule.filesSource, let root = files[source] {
                    outcome.fileCount += try await removeFiles(of: key, rule, below: root)
                }
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

    /// Removes what the patterns name. A key that could lead elsewhere (`..`, `/`, wildcards) is refused rather than expanded.
    private func removeFiles(of key: String, _ rule: ErasureRule, below root: String) async throws -> Int {
        guard !key.isEmpty, key != ".", key != "..", !key.contains(where: { "/*?[]\0".contains($0) }) else {
            throw RecoveryError(
                .notHandedOver, "the key of a subject cannot stand in a path", subject: "erasures.\(rule.kind)",
                hint: "name files by a query instead, or erase them by hand")
        }
        let patterns = rule.filePatterns.map {
            root + $0.split(separator: ":key", omittingEmptySubsequences: false).joined(separator: key)
        }
        return try await PointRestore.lane.run {
            try patterns.reduce(0) { $0 + (try ErasedFiles.remove(matching: $1)) }
        }
    }
}

/// Files below a restored tree that belong to somebody who was erased.
enum ErasedFiles {
    /// Removes what an absolute pattern names, folders with what is in them; no link is followed within them.
    static func remove(matching pattern: String) throws -> Int {
        var found = glob_t()
        defer { globfree(&found) }
        guard glob(pattern, GLOB_NOSORT, nil, &found) == 0 else { return 0 }
        var count = 0
        for index in 0..<Int(found.gl_pathc) {
            guard let path = found.gl_pathv[index].map({ String(cString: $0) }) else { continue }
            count += try removeTree(path)
        }
        return count
    }

    private static func removeTree(_ path: String) throws -> Int {
        var status = stat()
        guard lstat(path, &status) == 0 else { return 0 }
        guard status.st_mode & S_IFMT == S_IFDIR else {
            guard unlink(path) == 0 else { throw RecoveryError.system(errno, "cannot erase", path) }
            return 1
        }
        let count = try Exchange.names(in: path).reduce(0) { $0 + (try removeTree(path + "/" + $1)) }
        guard rmdir(path) == 0 else { throw RecoveryError.system(errno, "cannot erase", path) }
        return count
    }
}
