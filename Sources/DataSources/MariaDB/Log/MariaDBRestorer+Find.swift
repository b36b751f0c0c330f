import ObjectStore

extension MariaDBRestorer: EventFinder {
    public func find(
        _ question: EventQuestion, in log: ReplayLog, limit: Int
    ) async throws -> [FoundTransaction] {
        try await MariaDBRestorer.logLane.run {
            var found = [FoundTransaction]()
            guard limit > 0 else { return found }
            try BinlogScan(log, wantsChanges: true).run { item in
                let time = Double(item.transaction.time)
                guard time >= question.from ?? time, time <= question.to ?? time,
                    item.changes.contains(where: { question.fits($0) })
                else { return true }
                let file = log.files[item.file]
                found.append(
                    FoundTransaction(
                        file: file.name, offset: item.transaction.offset, timeline: file.timeline,
                        position: item.transaction.gtid.description, time: time, changes: item.changes))
                return found.count < limit
            }
            return found
        }
    }
}

extension EventQuestion {
    /// A statement has no rows that are known; it fits where no number is asked for.
    func fits(_ change: FoundTransaction.Change) -> Bool {
        guard actions.isEmpty || actions.contains(where: { $0.rawValue == change.action }) else { return false }
        guard minimumRowCount == 0 || change.rowCount.map({ $0 >= minimumRowCount }) ?? (change.statement == nil) else {
            return false
        }
        guard let table else { return true }
        if change.table == table { return true }
        if change.table.hasSuffix(".*") { return table.hasPrefix(change.table.dropLast()) }
        return !table.contains(".") && change.table.hasSuffix(".\(table)")
    }
}
