/// Reads a binary log as it grows, for the journal.
struct BinlogLogReader: LogReader {
    private var reader: BinlogReader
    private var transactions: BinlogTransactions

    /// - Parameter position: where the server stood before this file; the file itself says it at its beginning.
    init(file: String, position: String) {
        reader = BinlogReader(subject: file)
        transactions = BinlogTransactions(subject: file, state: GTIDState(position) ?? GTIDState())
    }

    mutating func read(_ bytes: ArraySlice<UInt8>) throws -> LogProgress {
        var first: UInt32?
        var last: UInt32?
        var transactions = transactions
        try reader.read(bytes) { event in
            guard case .end(let transaction, _) = try transactions.take(event) else { return }
            first = min(first ?? transaction.time, transaction.time)
            last = max(last ?? transaction.time, transaction.time)
        }
        self.transactions = transactions
        return LogProgress(
            validOffset: reader.offset, position: transactions.state.description, firstTime: first.map { Int64($0) },
            lastTime: last.map { Int64($0) })
    }
}
