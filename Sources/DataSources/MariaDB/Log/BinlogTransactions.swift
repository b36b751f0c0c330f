/// Joins the events of one binary log to transactions, and knows where the server stands.
struct BinlogTransactions {
    /// Marks of a GTID event, `Gtid_log_event::flags2` in MariaDB's sources.
    private enum Mark {
        static let standalone: UInt8 = 1
        static let preparedXA: UInt8 = 64
        static let completedXA: UInt8 = 128
    }
    /// An event of rows that ends its statement.
    private static let statementEnd: UInt64 = 1

    /// For messages: the file.
    let subject: String
    /// After the last transaction that ended.
    private(set) var state: GTIDState
    /// Behind the last transaction that ended, or the last event outside of one.
    private(set) var endOffset: UInt64 = 4
    /// The log was closed by its server: another file follows, or it was stopped.
    private(set) var isClosed = false
    private var open: Open?

    private struct Open {
        let gtid: GTID
        let time: UInt32
        let offset: UInt64
        let marks: UInt8
    }

    /// What an event was.
    enum Step {
        /// Part of a transaction that goes on, or of none.
        case inside
        /// It says what the transaction does.
        case statement(Statement)
        /// It ended a transaction, whose own statement it may be.
        case end(BinlogTransaction, Statement?)
    }

    /// A statement in the log.
    struct Statement {
        let database: String
        /// Cut where it is very long.
        let text: String
    }

    /// - Parameter state: where the server stood before this log, as far as that is known.
    init(subject: String, state: GTIDState = GTIDState()) {
        self.subject = subject
        self.state = state
    }

    /// The place where the transaction that is open begins; nil when none is.
    var openOffset: UInt64? { open?.offset }

    /// - Throws: `malformedStream`.
    mutating func take(_ event: BinlogEvent) throws -> Step {
        switch event.kind {
        case .gtid: try begin(event)
        case .gtidList: try list(event)
        case .rotate, .stop: isClosed = true
        case .xid, .xaPrepare: return end(event, nil)
        case .query, .queryCompressed, .executeLoadQuery: return try query(event)
        case .writeRows, .updateRows, .deleteRows, .writeRows2, .updateRows2, .deleteRows2, .writeRowsCompressed,
            .updateRowsCompressed, .deleteRowsCompressed, .writeRowsCompressed2, .updateRowsCompressed2,
            .deleteRowsCompressed2:
            // Table (6 bytes), then marks (2).
            var fields = ByteFields(event.body)
            guard fields.bytes(6) != nil, let marks = fields.integer(2) else { throw malformed(event) }
            if isStandalone, marks & BinlogTransactions.statementEnd != 0 { return end(event, nil) }
        case .executeLoad, .incident: if isStandalone { return end(event, nil) }
        default: break
        }
        if open == nil { endOffset = event.endOffset }
        return .inside
    }

    private var isStandalone: Bool { (open?.marks ?? 0) & Mark.standalone != 0 }

    /// | offset | size | field |
    /// |---|---|---|
    /// | 0 | 8 | sequence number |
    /// | 8 | 4 | domain |
    /// | 12 | 1 | marks |
    ///
    /// The server is that of the header.
    private mutating func begin(_ event: BinlogEvent) throws {
        var fields = ByteFields(event.body)
        guard let sequence = fields.integer(8), let domain = fields.integer(4), let marks = fields.integer(1) else {
            throw malformed(event)
        }
        if let open {
            // The parts of a distributed transaction end in more ways than others.
            guard open.marks & (Mark.preparedXA | Mark.completedXA) != 0 else {
                throw SourceError(
                    .malformedStream, "transaction \(open.gtid) at offset \(open.offset) has no end", subject: subject)
            }
            state.add(open.gtid)
        }
        let gtid = GTID(domain: UInt32(domain), server: event.header.server, sequence: sequence)
        endOffset = event.offset
        open = Open(gtid: gtid, time: event.header.time, offset: event.offset, marks: UInt8(marks))
    }

    /// A number of entries in 28 bits, then for each its domain (4 bytes), server (4) and sequence number (8). The newest of a
    /// domain is its last.
    private mutating func list(_ event: BinlogEvent) throws {
        var fields = ByteFields(event.body)
        guard event.isWhole, let count = fields.integer(4).map({ $0 & 0x0FFF_FFFF }), fields.rest.count / 16 >= count
        else { throw malformed(event) }
        var state = GTIDState()
        for _ in 0..<count {
            guard let domain = fields.integer(4), let server = fields.integer(4), let sequence = fields.integer(8)
            else { throw malformed(event) }
            state.add(GTID(domain: UInt32(domain), server: UInt32(server), sequence: sequence))
        }
        self.state = state
    }

    private mutating func query(_ event: BinlogEvent) throws -> Step {
        guard let statement = BinlogTransactions.statement(event) else { throw malformed(event) }
        if isStandalone { return end(event, statement) }
        guard let open else {
            endOffset = event.endOffset
            return .inside
        }
        let text = statement.text
        if text == "BEGIN" { return .inside }
        if text == "COMMIT" || text == "ROLLBACK" { return end(event, nil) }
        if open.marks & Mark.completedXA != 0, text.hasPrefix("XA ") { return end(event, nil) }
        return .statement(statement)
    }

    private mutating func end(_ event: BinlogEvent, _ statement: Statement?) -> Step {
        endOffset = event.endOffset
        guard let open else { return .inside }
        self.open = nil
        state.add(open.gtid)
        let transaction = BinlogTransaction(
            gtid: open.gtid, time: open.time, offset: open.offset, endOffset: event.endOffset)
        return .end(transaction, statement)
    }

    /// | offset | size | field |
    /// |---|---|---|
    /// | 0 | 8 | thread, seconds it took |
    /// | 8 | 1 | length of the database's name, d |
    /// | 9 | 2 | error |
    /// | 11 | 2 | length of status variables, s |
    /// | 13 | s | status variables; before them 13 more bytes where a file is loaded |
    /// | 13 + s | d + 1 | database, ended by 0 |
    /// | 14 + s + d | | the statement |
    static func statement(_ event: BinlogEvent) -> Statement? {
        var fields = ByteFields(event.body)
        guard fields.bytes(8) != nil, let length = fields.integer(1), fields.bytes(2) != nil,
            let variables = fields.integer(2)
        else { return nil }
        if event.kind == .executeLoadQuery, fields.bytes(13) == nil { return nil }
        guard fields.bytes(Int(variables)) != nil, let database = fields.bytes(Int(length)), fields.bytes(1) != nil
        else { return nil }
        var text = fields.rest
        if event.kind == .queryCompressed {
            guard let inflated = Inflate.eventPart(text, limit: 64 << 10, allowsCut: true) else { return nil }
            text = inflated[...]
        }
        return Statement(
            database: String(decoding: database, as: UTF8.self), text: String(decoding: text, as: UTF8.self))
    }

    private func malformed(_ event: BinlogEvent) -> SourceError {
        SourceError(
            .malformedStream, "the event of type \(event.header.type) at offset \(event.offset) ends too early",
            subject: subject)
    }
}

/// A transaction in a binary log.
struct BinlogTransaction: Sendable, Hashable {
    let gtid: GTID
    /// Seconds since 1970, of its GTID event.
    let time: UInt32
    /// Where its GTID event begins.
    let offset: UInt64
    /// Behind its last event.
    let endOffset: UInt64
}
