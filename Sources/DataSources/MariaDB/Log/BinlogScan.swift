import Glibc

/// Goes through the transactions of log files, in their order.
struct BinlogScan {
    /// A transaction and where it is.
    struct Item {
        /// Which of the files.
        let file: Int
        let transaction: BinlogTransaction
        /// Where the server stood after it.
        let state: GTIDState
        /// What it did; empty unless that was asked for.
        let changes: [FoundTransaction.Change]
    }

    let log: ReplayLog
    /// What transactions did is wanted.
    var wantsChanges = false
    /// The file in which the base stands, and the offset; the log's own beginning where no base is named.
    private(set) var firstFile = 0
    private(set) var firstOffset: UInt64 = 0

    /// - Throws: `checkFailed` when the base's file is not there, or a file between two others is not.
    init(_ log: ReplayLog, wantsChanges: Bool = false) throws {
        self.log = log
        self.wantsChanges = wantsChanges
        guard let first = log.files.first else {
            throw SourceError(.checkFailed, "there is no log to replay", subject: log.start.gtid ?? "the log")
        }
        guard let name = log.start.binlogFile, let offset = log.start.binlogOffset else { return }
        guard let index = log.files.firstIndex(where: { $0.name == name && $0.timeline == first.timeline }) else {
            throw SourceError(
                .checkFailed, "the base stands in \(name), the log begins with \(first.name)", subject: name)
        }
        (firstFile, firstOffset) = (index, offset)
        for (one, next) in zip(log.files[index...], log.files[(index + 1)...]) where one.timeline == next.timeline {
            guard let number = BinlogName(one.name)?.number, BinlogName(next.name)?.number == number + 1 else {
                throw SourceError(
                    .checkFailed, "\(next.name) does not follow \(one.name): a log file is missing", subject: one.name)
            }
        }
    }

    /// Calls `body` with each transaction behind the base until it gives false, and first with `begin` where the server stood
    /// there. Blocks.
    ///
    /// - Throws: `malformedStream`; `checkFailed` when files are not of one history, or the base not of this one.
    func run(begin: (GTIDState) throws -> Void = { _ in }, _ body: (Item) throws -> Bool) throws {
        var state = GTIDState()
        var hasBegun = false
        for index in log.files.indices.dropFirst(firstFile) {
            let file = log.files[index]
            let isNewHistory = index == firstFile || file.timeline != log.files[index - 1].timeline
            var pass = Pass(
                subject: file.name, wantsChanges: wantsChanges, expected: isNewHistory ? nil : state,
                start: index == firstFile ? firstOffset : 0)
            let goesOn = try BinlogScan.pieces(of: file) { bytes in
                try pass.take(bytes) { transaction, before, state, changes in
                    if !hasBegun { try begin(before) }
                    hasBegun = true
                    return try body(
                        Item(file: index, transaction: transaction, state: state, changes: changes))
                }
            }
            if index == firstFile {
                guard firstOffset == 0 || pass.startState != nil || pass.transactions.endOffset <= firstOffset else {
                    throw SourceError(
                        .checkFailed, "the log ends before the base's offset \(firstOffset)", subject: file.name)
                }
                try agree(pass.startState ?? pass.transactions.state)
                if !hasBegun { try begin(pass.startState ?? pass.transactions.state) }
                hasBegun = true
            }
            if !goesOn { return }
            state = pass.transactions.state
        }
    }

    /// The base says itself where it stands: another place of the log, or another log, is not it.
    private func agree(_ state: GTIDState) throws {
        guard let text = log.start.gtid, !text.isEmpty, let base = GTIDState(text) else { return }
        guard base.newest == state.newest else {
            throw SourceError(
                .checkFailed,
                "the base stands at \(text), its place in the log is \(state): it is another server's log",
                subject: log.start.binlogFile ?? "")
        }
    }

    /// Reads a file's bytes that count.
    private static func pieces(of file: ReplayLog.File, _ body: (ArraySlice<UInt8>) throws -> Bool) throws -> Bool {
        let descriptor = open(file.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileTree.failure("cannot open the log", file.path) }
        defer { close(descriptor) }
        var left = file.endOffset ?? UInt64.max
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        while left > 0 {
            let count = read(descriptor, &buffer, Int(min(UInt64(buffer.count), left)))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw FileTree.failure("cannot read the log", file.path) }
            if count == 0 { break }
            left -= UInt64(count)
            if try !body(buffer[..<count]) { return false }
        }
        guard left == 0 || file.endOffset == nil else {
            throw SourceError(
                .malformedStream, "the log is shorter than \(file.endOffset ?? 0) bytes", subject: file.path)
        }
        return true
    }

    /// One file.
    private struct Pass {
        var reader: BinlogReader
        var transactions: BinlogTransactions
        var changes: BinlogChanges?
        /// Where the file before it ended; nil when there is none of its history.
        let expected: GTIDState?
        let start: UInt64
        /// Where the server stood at `start`, once that was passed.
        var startState: GTIDState?
        var goesOn = true

        init(subject: String, wantsChanges: Bool, expected: GTIDState?, start: UInt64) {
            reader = BinlogReader(subject: subject, wantsRows: wantsChanges)
            transactions = BinlogTransactions(subject: subject)
            changes = wantsChanges ? BinlogChanges() : nil
            self.expected = expected
            self.start = start
        }

        mutating func take(
            _ bytes: ArraySlice<UInt8>,
            _ body: (BinlogTransaction, GTIDState, GTIDState, [FoundTransaction.Change]) throws -> Bool
        ) throws -> Bool {
            var reader = reader
            try reader.read(bytes) { event in
                guard goesOn else { return }
                try pass(event, body)
            }
            self.reader = reader
            return goesOn
        }

        private mutating func pass(
            _ event: BinlogEvent,
            _ body: (BinlogTransaction, GTIDState, GTIDState, [FoundTransaction.Change]) throws -> Bool
        ) throws {
            if event.offset >= start, startState == nil, start > 0 {
                guard event.offset == start, transactions.openOffset == nil else {
                    throw SourceError(
                        .checkFailed, "the base's offset \(start) is not between two transactions",
                        subject: transactions.subject)
                }
                startState = transactions.state
            }
            if event.kind == .gtid { changes?.begin() }
            changes?.add(event)
            let before = transactions.state
            let step = try transactions.take(event)
            if event.kind == .gtidList, let expected, expected != transactions.state {
                throw SourceError(
                    .checkFailed, "the log goes on at \(transactions.state), the file before it ends at \(expected)",
                    subject: transactions.subject)
            }
            switch step {
            case .inside: break
            case .statement(let statement): changes?.add(statement)
            case .end(let transaction, let statement):
                if let statement { changes?.add(statement) }
                guard transaction.offset >= start else { return }
                goesOn = try body(transaction, before, transactions.state, changes?.all ?? [])
            }
        }
    }
}
