import Sealing

/// Takes a binary log apart into its events, as its bytes come. Checks each event's CRC32 when the log has them, and that
/// events follow each other without a gap when it has not.
///
/// Memory: of each event only so much is kept as its kind is wanted for; the rest is checked and passed over.
struct BinlogReader {
    /// What a file begins with.
    static let magic: [UInt8] = [0xFE, 0x62, 0x69, 0x6E]
    /// The most that an event can have: `max_allowed_packet` is at most 1 GiB, and a change of a row has two images.
    private static let maximumByteCount: UInt32 = 3 << 30
    /// A text that names tables and statements is kept up to here.
    private static let textLimit = 64 << 10
    /// The rows of one event can be counted up to here.
    static let rowLimit = 64 << 20
    /// More domains and servers than anybody has.
    private static let listLimit = 16 << 20
    private static let checksumByteCount = 4

    /// For messages: the file.
    let subject: String
    /// The bodies of events of rows are wanted.
    let wantsRows: Bool
    /// How many bytes were taken.
    private(set) var offset: UInt64 = 0
    private var pending: [UInt8] = []
    private var current: Current?
    private var hasChecksums = false
    private var hasDescription = false

    private struct Current {
        let header: BinlogEvent.Header
        let offset: UInt64
        var remaining: Int
        let keptByteCount: Int
        var kept: [UInt8] = []
        var checksum = CRC32()
        /// The last bytes that came, which are the checksum in the end.
        var tail: [UInt8] = []
    }

    init(subject: String, wantsRows: Bool = false) {
        self.subject = subject
        self.wantsRows = wantsRows
    }

    /// Is it between two events?
    var isBetweenEvents: Bool { current == nil && pending.isEmpty }

    /// Takes the bytes that follow; `body` gets each event that ends in them.
    ///
    /// - Throws: `malformedStream`; `versionUnsupported` for an encrypted log.
    mutating func read(_ bytes: ArraySlice<UInt8>, _ body: (BinlogEvent) throws -> Void) throws {
        var rest = bytes
        while !rest.isEmpty {
            if current == nil {
                let wanted = offset < UInt64(BinlogReader.magic.count) ? BinlogReader.magic.count : 19
                let taken = rest.prefix(wanted - pending.count)
                pending += taken
                rest = rest.dropFirst(taken.count)
                offset += UInt64(taken.count)
                guard pending.count == wanted else { return }
                if wanted == BinlogReader.magic.count { try checkMagic() } else { try begin() }
                pending.removeAll(keepingCapacity: true)
            } else {
                rest = rest.dropFirst(take(rest))
            }
            if let current, current.remaining == 0 {
                self.current = nil
                try body(try event(current))
            }
        }
    }

    private func checkMagic() throws {
        guard pending == BinlogReader.magic else { throw malformed("it is no binary log: it begins with \(pending)") }
    }

    private mutating func begin() throws {
        let header = BinlogEvent.Header(pending[...])
        let start = offset - UInt64(BinlogEvent.Header.byteCount)
        let size = header.byteCount
        let overhead = BinlogEvent.Header.byteCount + (hasChecksums ? BinlogReader.checksumByteCount : 0)
        guard size >= UInt32(overhead), size <= BinlogReader.maximumByteCount else {
            throw malformed("the event at offset \(start) claims \(size) bytes")
        }
        let kind = BinlogEvent.Kind(rawValue: header.type)
        guard hasDescription || kind == .formatDescription else {
            throw malformed("it does not begin with a format description")
        }
        // With checksums a torn log shows anyway, and newer servers leave positions out of very large transactions.
        guard hasChecksums || header.next == 0 || header.next == UInt32(truncatingIfNeeded: start + UInt64(size)) else {
            throw malformed("the event at offset \(start) belongs elsewhere: it says that it ends at \(header.next)")
        }
        if kind == .startEncryption {
            throw SourceError(
                .versionUnsupported, "the binary log is encrypted", subject: subject,
                hint: "set encrypt_binlog=OFF and restart the server: the journal has a cipher of its own")
        }
        var event = Current(
            header: header, offset: start, remaining: Int(size) - BinlogEvent.Header.byteCount,
            keptByteCount: keptByteCount(kind))
        if kind == .formatDescription {
            // The mark of a file that is in use was not there when the sum was made.
            (pending[..<17] + [pending[17] & 0xFE, pending[18]]).withUnsafeBytes { event.checksum.update($0) }
        } else {
            pending.withUnsafeBytes { event.checksum.update($0) }
        }
        current = event
    }

    private func keptByteCount(_ kind: BinlogEvent.Kind?) -> Int {
        switch kind {
        case .query, .queryCompressed, .executeLoadQuery, .annotateRows, .gtid, .formatDescription, .rotate:
            BinlogReader.textLimit
        case .tableMap: wantsRows ? BinlogReader.textLimit * 4 : 0
        case .gtidList: BinlogReader.listLimit
        case .writeRows, .updateRows, .deleteRows, .writeRows2, .updateRows2, .deleteRows2, .writeRowsCompressed,
            .updateRowsCompressed, .deleteRowsCompressed, .writeRowsCompressed2, .updateRowsCompressed2,
            .deleteRowsCompressed2:
            wantsRows ? BinlogReader.rowLimit : 16
        default: 0
        }
    }

    /// Gives how many bytes belonged to the current event.
    private mutating func take(_ bytes: ArraySlice<UInt8>) -> Int {
        guard var event = current else { return 0 }
        current = nil
        let taken = bytes.prefix(event.remaining)
        event.remaining -= taken.count
        offset += UInt64(taken.count)
        // What may still be the checksum waits until more has come.
        let joined = event.tail.isEmpty ? taken : (event.tail + taken)[...]
        let sure = joined.dropLast(BinlogReader.checksumByteCount)
        event.tail = Array(joined.suffix(BinlogReader.checksumByteCount))
        sure.withUnsafeBytes { event.checksum.update($0) }
        if event.kept.count < event.keptByteCount { event.kept += sure.prefix(event.keptByteCount - event.kept.count) }
        current = event
        return taken.count
    }

    private mutating func event(_ current: Current) throws -> BinlogEvent {
        if current.header.type == BinlogEvent.Kind.formatDescription.rawValue { try describe(current) }
        var body = current.kept
        let bodyByteCount = Int(current.header.byteCount) - BinlogEvent.Header.byteCount
        if hasChecksums {
            var said: UInt32 = 0
            for byte in current.tail.reversed() { said = said << 8 | UInt32(byte) }
            guard said == current.checksum.value else {
                throw malformed("the event at offset \(current.offset) is damaged: its checksum is another")
            }
        } else if body.count < current.keptByteCount {
            body += current.tail.prefix(current.keptByteCount - body.count)
        }
        let whole = bodyByteCount - (hasChecksums ? BinlogReader.checksumByteCount : 0)
        return BinlogEvent(
            header: current.header, offset: current.offset, body: body[...], isWhole: body.count >= whole)
    }

    /// | offset | size | field |
    /// |---|---|---|
    /// | 0 | 2 | format: 4 |
    /// | 2 | 50 | server version |
    /// | 52 | 4 | when the server was started, else 0 |
    /// | 56 | 1 | bytes of a header: 19 |
    /// | 57 | n | for each type, bytes that follow the header |
    /// | 57 + n | 1 | checksums: 0 none, 1 CRC32 |
    /// | 58 + n | 4 | its own checksum, always there |
    private mutating func describe(_ current: Current) throws {
        guard !hasDescription else { throw malformed("there is a second format description at \(current.offset)") }
        var fields = ByteFields(current.kept[...])
        guard current.kept.count > 58, current.tail.count == 4, fields.integer(2) == 4, fields.bytes(54) != nil,
            fields.integer(1) == 19, let algorithm = current.kept.last, algorithm <= 1
        else { throw malformed("its format is not 4, or unknown checksums are in it") }
        hasDescription = true
        hasChecksums = algorithm == 1
    }

    private func malformed(_ message: String) -> SourceError {
        SourceError(.malformedStream, message, subject: subject)
    }
}
