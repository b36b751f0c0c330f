/// Gathers what transactions do, record by record, and keeps those that fit a question.
struct WALEventCollector: Sendable {
    /// A transaction that fits.
    struct Event: Sendable {
        let begin: LSN
        let end: LSN
        let time: Double
        let changes: [FoundTransaction.Change]
    }

    /// What a transaction has done so far.
    private struct Pending {
        var begin: LSN
        /// Rows by file and action.
        var rows = [String: [EventQuestion.Action: UInt64]]()
        /// Of `pg_class`, the catalog of tables.
        var catalog = [EventQuestion.Action: UInt64]()
        var madeFiles = [String]()

        mutating func merge(_ other: Pending) {
            begin = min(begin, other.begin)
            for (file, actions) in other.rows { rows[file, default: [:]].merge(actions, uniquingKeysWith: +) }
            catalog.merge(other.catalog, uniquingKeysWith: +)
            madeFiles += other.madeFiles
        }
    }

    /// `pg_class` of every database.
    private static let catalogNumber = "1259"
    private static let order: [EventQuestion.Action] = [.insert, .update, .delete]

    private let question: EventQuestion
    private let names: RelationNames
    private let limit: Int
    private let segmentByteCount: UInt64
    private var pending = [UInt32: Pending]()
    /// In the order of their commits.
    private(set) var found = [Event]()

    init(_ question: EventQuestion, _ names: RelationNames, limit: Int, _ segmentByteCount: UInt64) {
        self.question = question
        self.names = names
        self.limit = limit
        self.segmentByteCount = segmentByteCount
    }

    mutating func take(_ record: WALRecord) {
        guard found.count < limit else { return }
        switch record.manager {
        case "Heap", "Heap2": takeRows(record)
        case "Storage" where record.transaction != 0 && record.text.hasPrefix("CREATE "):
            let path = record.text.dropFirst(7).prefix { $0 != " " }
            change(record) { $0.madeFiles.append(RelationNames.file(path)) }
        case "Transaction":
            if let transaction = WALTransaction(record, segmentByteCount: segmentByteCount) { end(transaction) }
        default: break
        }
    }

    private mutating func change(_ record: WALRecord, _ body: (inout Pending) -> Void) {
        body(&pending[record.transaction, default: Pending(begin: record.start)])
    }

    private mutating func takeRows(_ record: WALRecord) {
        guard record.transaction != 0, let relation = record.text.firstRange(of: "rel ") else { return }
        let word = record.text.prefix { $0 != " " && $0 != "+" }
        let action: EventQuestion.Action
        var count: UInt64 = 1
        switch word {
        case "INSERT": action = .insert
        case "UPDATE", "HOT_UPDATE": action = .update
        case "DELETE": action = .delete
        case "MULTI_INSERT":
            action = .insert
            let digits = record.text.drop { $0 != " " }.drop { !$0.isNumber }.prefix { $0.isNumber }
            count = UInt64(digits) ?? 1
        default: return
        }
        let file = String(record.text[relation.upperBound...].prefix { $0 != " " && $0 != "," })
        change(record) { pending in
            if file.split(separator: "/").last.map(String.init) == WALEventCollector.catalogNumber {
                pending.catalog[action, default: 0] += count
            } else {
                pending.rows[file, default: [:]][action, default: 0] += count
            }
        }
    }

    // MARK: The end of a transaction

    private mutating func end(_ transaction: WALTransaction) {
        var all = pending.removeValue(forKey: transaction.number) ?? Pending(begin: transaction.start)
        for number in transaction.list("subxacts").compactMap({ UInt32($0) }) {
            if let part = pending.removeValue(forKey: number) { all.merge(part) }
        }
        guard transaction.isCommit else { return }
        let time = WALTime.seconds(transaction.stamp)
        if let from = question.from, time < from { return }
        if let to = question.to, time > to { return }
        let changes = changes(all, dropped: transaction.list("rels").map { RelationNames.file($0) })
        guard fits(changes) else { return }
        found.append(Event(begin: all.begin, end: transaction.end, time: time, changes: changes))
    }

    private func changes(_ all: Pending, dropped: [String]) -> [FoundTransaction.Change] {
        func change(_ action: EventQuestion.Action, _ table: String, _ count: UInt64?) -> FoundTransaction.Change {
            FoundTransaction.Change(action: action.rawValue, table: table, rowCount: count, statement: nil)
        }
        // A file goes with its table, or another takes its place: a truncation just names that one; a rewrite makes a table besides,
        // for a while.
        let (made, gone) = (all.catalog[.insert] ?? 0, all.catalog[.delete] ?? 0)
        let ending: EventQuestion.Action = gone > made ? .drop : gone > 0 || all.madeFiles.isEmpty ? .alter : .truncate
        let lost = Set(dropped).subtracting(all.madeFiles).sorted()
        var changes = lost.compactMap { names.name($0) }.map { change(ending, $0, nil) }
        if made > gone { changes.append(change(.create, "", nil)) }
        if changes.isEmpty, all.catalog[.update] != nil { changes.append(change(.alter, "", nil)) }
        for (file, actions) in all.rows.sorted(by: { $0.key < $1.key }) {
            // Rows that a rewrite puts into a new file were there before.
            if ending == .alter, !lost.isEmpty, all.madeFiles.contains(file) { continue }
            guard let name = names.name(file) else { continue }
            changes += WALEventCollector.order.compactMap { action in actions[action].map { change(action, name, $0) } }
        }
        return changes.isEmpty ? [change(.other, "", nil)] : changes
    }

    private func fits(_ changes: [FoundTransaction.Change]) -> Bool {
        let fitting = changes.filter { change in
            guard question.actions.isEmpty || question.actions.contains(where: { $0.rawValue == change.action }) else {
                return false
            }
            guard let table = question.table else { return true }
            return change.isNameless || PostgreSQLEventFinder.isCalled(change.table, table)
        }
        let rowCount = fitting.reduce(0) { $0 + ($1.rowCount ?? 0) }
        return !fitting.isEmpty && rowCount >= question.minimumRowCount
    }
}

extension WALTransaction {
    /// A list behind the stamp: `; rels: base/5/16398 base/5/16401; inval msgs: …; subxacts: 745 746`.
    func list(_ name: String) -> [Substring] {
        for part in rest.split(separator: ";") {
            let text = part.drop { $0 == " " }
            if text.hasPrefix("\(name):") { return text.dropFirst(name.utf8.count + 1).split(separator: " ") }
        }
        return []
    }
}
