/// An event of a binary log, format 4. Source of the layouts: MariaDB's documentation, "Replication Protocol", one page an
/// event, and what a server of 10.11 writes.
struct BinlogEvent: Sendable {
    /// What an event is; those that matter here. All others are passed over.
    enum Kind: UInt8, Sendable {
        case query = 2, stop = 3, rotate = 4, executeLoad = 10, formatDescription = 15, xid = 16
        case executeLoadQuery = 18, tableMap = 19, incident = 26
        case writeRows = 23, updateRows = 24, deleteRows = 25
        case writeRows2 = 30, updateRows2 = 31, deleteRows2 = 32, xaPrepare = 38
        case annotateRows = 160, gtid = 162, gtidList = 163, startEncryption = 164
        case queryCompressed = 165, writeRowsCompressed = 166, updateRowsCompressed = 167, deleteRowsCompressed = 168
        case writeRowsCompressed2 = 169, updateRowsCompressed2 = 170, deleteRowsCompressed2 = 171
    }

    /// | offset | size | field |
    /// |---|---|---|
    /// | 0 | 4 | time, seconds since 1970 |
    /// | 4 | 1 | type |
    /// | 5 | 4 | server id |
    /// | 9 | 4 | bytes of the whole event |
    /// | 13 | 4 | where the next event begins, modulo 2^32 |
    /// | 17 | 2 | flags |
    ///
    /// All little endian.
    struct Header: Sendable {
        static let byteCount = 19

        let time: UInt32
        let type: UInt8
        let server: UInt32
        let byteCount: UInt32
        let next: UInt32
        let flags: UInt16

        init(_ bytes: ArraySlice<UInt8>) {
            var fields = ByteFields(bytes)
            time = UInt32(truncatingIfNeeded: fields.integer(4) ?? 0)
            type = UInt8(truncatingIfNeeded: fields.integer(1) ?? 0)
            server = UInt32(truncatingIfNeeded: fields.integer(4) ?? 0)
            byteCount = UInt32(truncatingIfNeeded: fields.integer(4) ?? 0)
            next = UInt32(truncatingIfNeeded: fields.integer(4) ?? 0)
            flags = UInt16(truncatingIfNeeded: fields.integer(2) ?? 0)
        }
    }

    let header: Header
    /// Where it begins in its file.
    let offset: UInt64
    /// What follows the header, without the checksum; cut where it is longer than is kept of its kind.
    let body: ArraySlice<UInt8>
    /// The body is all of it.
    let isWhole: Bool

    var kind: Kind? { Kind(rawValue: header.type) }
    var endOffset: UInt64 { offset + UInt64(header.byteCount) }
}

/// Takes fields from the front of some bytes; nil once they do not suffice.
struct ByteFields {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// A little-endian number of 1 to 8 bytes.
    mutating func integer(_ count: Int) -> UInt64? {
        guard let bytes = bytes(count) else { return nil }
        var value: UInt64 = 0
        for byte in bytes.reversed() { value = value << 8 | UInt64(byte) }
        return value
    }

    /// That many bytes.
    mutating func bytes(_ count: Int) -> ArraySlice<UInt8>? {
        guard count >= 0, rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    /// A number of one byte up to 250, else of two, three or eight behind a byte that says so; at most `limit`.
    mutating func packedInteger(limit: Int) -> Int? {
        guard let first = integer(1) else { return nil }
        let value: UInt64?
        switch first {
        case 0...250: value = first
        case 252: value = integer(2)
        case 253: value = integer(3)
        case 254: value = integer(8)
        default: value = nil
        }
        guard let value, value <= UInt64(limit) else { return nil }
        return Int(value)
    }
}
