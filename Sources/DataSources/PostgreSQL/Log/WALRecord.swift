import FoundationEssentials

/// A line of pg_waldump.
///
///     rmgr: Heap        len (rec/tot):     59/  8063, tx:        733, lsn: 0/01500028, prev 0/014FFFE8, desc: INSERT off 34 …
struct WALRecord {
    /// The part of the server that wrote it: `Heap`, `Transaction`, `XLOG`.
    let manager: Substring
    let byteCount: UInt64
    let transaction: UInt32
    let start: LSN
    /// The record before it.
    let previous: LSN
    /// What it says, with the blocks it refers to.
    let text: Substring

    /// Reads a line; nil for lines that are no record.
    init?(_ line: Substring) {
        guard line.hasPrefix("rmgr: "), let description = line.firstRange(of: ", desc: ") else { return nil }
        let fields = line[..<description.lowerBound].split { $0 == " " || $0 == "," || $0 == "/" }
        guard fields.count == 15, fields[3] == "(rec", let total = UInt64(fields[6]), total < 1 << 32,
            let transaction = UInt32(fields[8]), let start = LSN("\(fields[10])/\(fields[11])"),
            let previous = LSN("\(fields[13])/\(fields[14])")
        else { return nil }
        manager = fields[1]
        byteCount = total
        self.transaction = transaction
        self.start = start
        self.previous = previous
        text = line[description.upperBound...]
    }

    /// The first byte behind it: where the server says that it stands when this is its last record.
    func end(segmentByteCount: UInt64) -> LSN {
        // What a switch leaves of its segment is its own.
        if manager == "XLOG", text.hasPrefix("SWITCH") {
            return LSN(byteCount: (start.byteCount / segmentByteCount + 1) * segmentByteCount)
        }
        return start.advanced(by: byteCount, segmentByteCount: segmentByteCount)
    }
}

/// The end of a transaction in the log.
struct WALTransaction: Sendable {
    /// The one that is committed or rolled back, also by the `PREPARED` forms.
    let number: UInt32
    let start: LSN
    let end: LSN
    /// The server's stamp, microseconds since 1970.
    let stamp: Int64
    let isCommit: Bool
    /// What pg_waldump says behind the stamp: dropped files, subtransactions.
    let rest: String

    /// Nil for records of other kinds.
    init?(_ record: WALRecord, segmentByteCount: UInt64) {
        guard record.manager == "Transaction" else { return nil }
        let isCommit = record.text.hasPrefix("COMMIT")
        guard isCommit || record.text.hasPrefix("ABORT"), let space = record.text.firstIndex(of: " ") else {
            return nil
        }
        var text = record.text[space...].dropFirst()
        var number = record.transaction
        // COMMIT_PREPARED 752: 2026-11-21 05:54:29.975611 UTC
        if let colon = text.firstRange(of: ": "), let prepared = UInt32(text[..<colon.lowerBound]) {
            number = prepared
            text = text[colon.upperBound...]
        }
        guard let stamp = WALTime.parse(text.prefix { $0 != ";" }) else { return nil }
        self.number = number
        start = record.start.withoutPageHeader(segmentByteCount: segmentByteCount)
        end = record.end(segmentByteCount: segmentByteCount)
        self.stamp = stamp
        self.isCommit = isCommit
        rest = String(text.drop { $0 != ";" })
    }

    var description: String { "\(end) (xid:\(number), \(WALTime.text(stamp)))" }
}

/// Stamps as pg_waldump writes them, in UTC: `2026-11-21 05:54:29.975611 UTC`.
enum WALTime {
    /// Microseconds, which a `Double` of seconds since 1970 tells apart.
    static func stamp(_ time: Double) -> Int64? { Int64(exactly: (time * 1_000_000).rounded()) }

    static func seconds(_ stamp: Int64) -> Double { Double(stamp) / 1_000_000 }

    static func parse(_ text: Substring) -> Int64? {
        let digits = text.split { !($0.isASCII && $0.isNumber) }
        guard digits.count >= 7, text.contains("UTC"), digits[6].utf8.count == 6 else { return nil }
        let parts = digits.prefix(7).compactMap { Int64($0) }
        guard parts.count == 7, (1...9999).contains(parts[0]), (1...12).contains(parts[1]),
            parts[2...].allSatisfy({ $0 < 1_000_000 })
        else { return nil }
        let seconds = daysSince1970(parts[0], parts[1], parts[2]) * 86_400 + parts[3] * 3_600 + parts[4] * 60 + parts[5]
        return seconds * 1_000_000 + parts[6]
    }

    /// For people, in UTC with microseconds.
    static func text(_ stamp: Int64) -> String {
        let (seconds, rest) = stamp.quotientAndRemainder(dividingBy: 1_000_000)
        let date = Date(timeIntervalSince1970: Double(seconds)).formatted(.iso8601)
        let digits = String(rest.magnitude)
        return date.dropLast() + "." + String(repeating: "0", count: 6 - digits.utf8.count) + digits + "Z"
    }

    /// Days from 1970-01-01, in the Gregorian calendar. Source: the civil-day arithmetic of E. G. Richards, "Mapping Time", 1998.
    private static func daysSince1970(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let a = (14 - month) / 12
        let y = year + 4800 - a
        let m = month + 12 * a - 3
        return day + (153 * m + 2) / 5 + 365 * y + y / 4 - y / 100 + y / 400 - 32045 - 2_440_588
    }
}

extension LSN {
    private static let pageByteCount: UInt64 = 8192

    private static func header(at page: UInt64, _ segmentByteCount: UInt64) -> UInt64 {
        page % segmentByteCount == 0 ? 40 : 24
    }

    /// The first byte behind a record of `byteCount` bytes that starts here, goes round page headers, and is aligned to 8.
    func advanced(by byteCount: UInt64, segmentByteCount: UInt64) -> LSN {
        var place = self.byteCount
        var rest = (byteCount + 7) / 8 * 8
        while true {
            let room = LSN.pageByteCount - place % LSN.pageByteCount
            if rest <= room { return LSN(byteCount: place + rest) }
            rest -= room
            place += room
            place += LSN.header(at: place, segmentByteCount)
        }
    }

    /// The end of what precedes a record that starts here: the page's beginning when only its header lies between.
    func withoutPageHeader(segmentByteCount: UInt64) -> LSN {
        let page = byteCount / LSN.pageByteCount * LSN.pageByteCount
        return byteCount - page == LSN.header(at: page, segmentByteCount) ? LSN(byteCount: page) : self
    }
}
