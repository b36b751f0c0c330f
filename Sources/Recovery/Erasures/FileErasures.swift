import DataSources
import Journal
import ObjectStore
import Repository
public import Trees

/// A file tree that was restored, and that nobody has yet.
public struct RestoredTree: Sendable, Hashable {
    /// The source.
    public var source: String
    /// The folder that it was restored to.
    public var root: String
    /// The absolute path that `root` stands for: `/` where paths lie below it as they were.
    public var live = "/"
    /// When reading it began: what was erased before is not in it.
    public var readFrom: Timestamp

    /// A tree.
    public init(source: String, root: String, readFrom: Timestamp) {
        self.source = source
        self.root = root
        self.readFrom = readFrom
    }
}

/// A restored database that a tree belongs to.
public struct TreeDatabase: Sendable, Hashable {
    /// The source.
    public var source: String
    /// Where it stands.
    public var restored: RestoredMoment

    /// A database.
    public init(source: String, restored: RestoredMoment) {
        self.source = source
        self.restored = restored
    }
}

/// What was erased from a restored file tree; part of the restore's event.
public struct ErasedFiles: Sendable, Hashable, Codable {
    /// The tree.
    public var source: String
    /// Entries in the erasure ledger.
    public var erasureCount: UInt64
    /// Digest of its last entry.
    public var erasureHead: String?
    /// Subjects whose erasure is younger than the tree, of kinds that have files in it.
    public var dueCount: Int
    /// Files of theirs that were removed.
    public var fileCount: Int

    enum CodingKeys: String, CodingKey {
        case source
        case erasureCount = "erasure_count"
        case erasureHead = "erasure_head"
        case dueCount = "due_count"
        case fileCount = "file_count"
    }
}

extension Handover {
    /// Refuses before a tree is restored what would be refused at the end. Gives whether anything could have to be erased in it.
    ///
    /// - Throws: `erasuresIncomplete`, `notHandedOver`.
    @discardableResult
    func checkFiles(of source: String) async throws -> Bool {
        let content = try await ErasureLedger(context.repository).proven()
        try ErasureReplay(rules: rules.erasures, ledger: ErasureLedger(context.repository)).requireRules(for: content)
        let rules = fileRules(source)
        for rule in rules { for pattern in rule.filePatterns { _ = try SubjectFiles(pattern, kind: rule.kind) } }
        return !content.entries.isEmpty && !rules.isEmpty
    }

    /// Erases from a restored tree the files of everybody whose erasure is younger than it, or than a database that it belongs
    /// to.
    ///
    /// - Throws: `erasuresIncomplete`, `notHandedOver`: the tree is not to be used.
    func eraseFiles(of tree: RestoredTree, beside databases: [TreeDatabase] = []) async throws -> ErasedFiles {
        try await checkFiles(of: tree.source)
        let ledger = ErasureLedger(context.repository)
        let content = try await ledger.proven()
        var erased = ErasedFiles(
            source: tree.source, erasureCount: content.head.count, erasureHead: content.head.digest, dueCount: 0,
            fileCount: 0)
        let read = RestoredMoment(kind: .files, position: nil, time: tree.readFrom)
        for rule in fileRules(tree.source) {
            var due = DueErasures.due(content.entries, kinds: [rule.kind], restored: read).map(\.subject)
            for database in databases where database.source == rule.source {
                due += try await self.due(database, kinds: [rule.kind], content).map(\.subject)
            }
            let subjects = Set(due)
            erased.dueCount += subjects.count
            erased.fileCount += try await ledger.removeFiles(of: subjects, rule, from: tree)
        }
        return erased
    }

    private func fileRules(_ source: String) -> [ErasureRule] {
        rules.erasures.filter { $0.filesSource == source && !$0.filePatterns.isEmpty }
    }

    /// Whom a restored database must be told of again. Where nothing says on which timeline it is, its time does.
    func due(
        _ database: TreeDatabase, kinds: Set<String>, _ content: ErasureLedger.Content
    ) async throws -> [DueErasures.Subject] {
        let tree = try await TimelineStore(context, source: database.source).tree()
        var restored = database.restored
        if restored.timeline == nil { restored.timeline = tree.timeline(at: restored.time.fraction) }
        return DueErasures.due(content.entries, kinds: kinds, restored: restored, timelines: tree)
    }
}

extension ErasureLedger {
    /// Removes the files of subjects from a tree; gives how many.
    func removeFiles(of subjects: Set<String>, _ rule: ErasureRule, from tree: RestoredTree) async throws -> Int {
        if subjects.isEmpty { return 0 }
        let patterns = try rule.filePatterns.map { try SubjectFiles($0, kind: rule.kind) }
        return try await PointRestore.lane.run {
            var known = [String: Bool]()
            return try patterns.reduce(0) { count, pattern in
                count
                    + (try pattern.remove(below: tree.root, standingFor: tree.live) { key in
                        if let isTheirs = known[key] { return isTheirs }
                        let isTheirs = subjects.contains(subject(kind: rule.kind, key: key))
                        known[key] = isTheirs
                        return isTheirs
                    })
            }
        }
    }
}

extension TimelineStore {
    /// The timelines of a source in the repository of a context.
    init(_ context: RecoveryContext, source: String) {
        let repository = context.repository
        self.init(
            store: repository.store, repositoryID: repository.config.id, key: repository.key, source: source)
    }
}
