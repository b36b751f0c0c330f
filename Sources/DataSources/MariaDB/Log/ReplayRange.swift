/// What lies between a base and a stop: counted, and known to begin and end between transactions.
struct ReplayRange: Sendable {
    /// The first and the last file, among those of the log.
    var firstFile = 0
    /// See `firstFile`.
    var lastFile = 0
    var firstOffset: UInt64 = 4
    var transactionCount: UInt64 = 0
    var byteCount: UInt64 = 0
    /// The newest transaction of each domain that is in it.
    var newest = GTIDState()
    /// Where the server stood after it.
    var state = GTIDState()
    /// It makes or changes events of the event scheduler.
    var hasEvents = false

    /// Blocks.
    ///
    /// - Throws: `checkFailed` when `stop` is not where a transaction ends.
    init(_ log: ReplayLog, to stop: LogStop) throws {
        let scan = try BinlogScan(log, wantsChanges: true)
        firstFile = scan.firstFile
        lastFile = scan.firstFile
        firstOffset = max(4, scan.firstOffset)
        var range = self
        var hasEnded = stop.file == log.files[scan.firstFile].name && stop.offset == firstOffset
        try scan.run(begin: { range.state = $0 }) { item in
            if hasEnded { return false }
            let file = log.files[item.file]
            range.lastFile = item.file
            range.transactionCount += 1
            range.byteCount += item.transaction.endOffset - item.transaction.offset
            range.newest.add(item.transaction.gtid)
            range.state = item.state
            range.hasEvents = range.hasEvents || item.changes.contains { $0.isAboutEvents }
            hasEnded =
                file.name == stop.file && file.timeline == stop.timeline && item.transaction.endOffset == stop.offset
            return !hasEnded
        }
        guard hasEnded else {
            throw SourceError(
                .checkFailed, "no transaction ends at \(stop.file):\(stop.offset)", subject: stop.position,
                hint: "take a stop that `locate` gave for this very log")
        }
        self = range
    }
}

extension FoundTransaction.Change {
    /// A statement about events of the event scheduler: replication switches off what these make.
    var isAboutEvents: Bool { statement.map { StatementReading($0, database: "").isAboutEvents } ?? false }
}
