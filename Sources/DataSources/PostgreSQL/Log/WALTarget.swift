/// A target of a replay as PostgreSQL's log knows it.
enum WALTarget {
    /// Stop before the first transaction whose stamp is later.
    case time(Int64)
    /// Stop behind or before the end of a transaction.
    case transaction(UInt32, isIncluded: Bool)
    /// Stop at the first end of a record at or behind this place, or before the record that ends there.
    case place(LSN, isIncluded: Bool)
    case end

    /// Reads a position: an LSN, which is where a transaction *ends*, as `pg_current_wal_lsn` says it behind a commit; or `xid:N`.
    init(_ target: LogTarget) throws {
        switch target {
        case .time(let time):
            guard let stamp = WALTime.stamp(time) else {
                throw SourceError(.invalidSetting, "that is no time", subject: "\(time)")
            }
            self = .time(stamp)
        case .through(let position): self = try WALTarget(position, isIncluded: true)
        case .before(let position): self = try WALTarget(position, isIncluded: false)
        case .end: self = .end
        }
    }

    private init(_ position: String, isIncluded: Bool) throws {
        if position.hasPrefix("xid:"), let number = UInt32(position.dropFirst(4)) {
            self = .transaction(number, isIncluded: isIncluded)
        } else if let place = LSN(position) {
            self = .place(place, isIncluded: isIncluded)
        } else {
            throw SourceError(
                .invalidSetting, "that is no position of PostgreSQL", subject: position,
                hint: "give an LSN, 0/3000158, or a transaction, xid:741")
        }
    }
}

/// Finds the place where a replay stops, and what stands on both sides of it, while transactions pass by in the log's order.
struct WALStopFinder: Sendable {
    private let time: Int64?
    private let number: UInt32?
    private let isIncluded: Bool

    /// The first byte that is not applied; nil until it is found.
    private(set) var stop: LSN?
    /// The last commit that is applied, and the first end of a transaction that is not.
    private(set) var last: WALTransaction?
    private(set) var next: WALTransaction?
    /// The first and the newest of all that passed.
    private(set) var first: WALTransaction?
    private(set) var newest: WALTransaction?

    /// A finder of a time, a transaction, or of a stop that is known.
    init(time: Int64? = nil, number: UInt32? = nil, isIncluded: Bool = true, stop: LSN? = nil) {
        self.time = time
        self.number = number
        self.isIncluded = isIncluded
        self.stop = stop
    }

    mutating func take(_ transaction: WALTransaction) {
        if first == nil { first = transaction }
        newest = transaction
        if stop == nil {
            // As the server does it: the first stamp beyond ends the replay, even when earlier stamps follow.
            if let time, transaction.stamp > time { stop = transaction.start }
            if transaction.number == number { stop = isIncluded ? transaction.end : transaction.start }
        }
        if transaction.end <= stop ?? transaction.end {
            if transaction.isCommit { last = transaction }
        } else if next == nil {
            next = transaction
        }
    }
}
