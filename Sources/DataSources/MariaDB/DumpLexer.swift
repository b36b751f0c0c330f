import Glibc

/// What a dump is made of, seen as the client sees it: comments, commands of the client, statements.
protocol DumpReceiver {
    /// A line between statements that begins with `--`, or is blank; with its line feed.
    mutating func comment(_ line: UnsafeRawBufferPointer) throws
    /// A line for the client: `DELIMITER`, sandbox mode.
    mutating func command(_ line: UnsafeRawBufferPointer) throws
    /// A whole statement with its delimiter, but no INSERT.
    mutating func statement(_ bytes: [UInt8]) throws
    /// A piece of an INSERT; pieces end where lines do.
    mutating func rows(_ piece: UnsafeRawBufferPointer, rowCount: UInt64) throws
}

/// Cuts the lines of a dump into statements. Knows quotes, comments and delimiters, so that nothing that is only data, or the
/// body of a routine, is taken for structure.
struct DumpLexer {
    private static let longestStatement = 256 << 20

    private enum State: Equatable {
        case top
        case code
        case quote(UInt8)
        case block
    }

    private var state = State.top
    private var delimiter: [UInt8] = [0x3B]
    /// Within `/*!…`, whose content is code.
    private var isExecutable = false
    /// `sql_mode` of the statement has NO_BACKSLASH_ESCAPES.
    private var hasBackslashes = true
    private var statement: [UInt8] = []
    private var isInsert = false
    private var sawValues = false
    private var depth = 0
    private var rowCount: UInt64 = 0

    /// Nothing is open: the dump may end here.
    var isAtTop: Bool { state == .top }

    /// Takes the next line, with its line feed.
    mutating func take(_ line: UnsafeRawBufferPointer, _ receiver: inout some DumpReceiver) throws {
        var rest = line
        while !rest.isEmpty {
            if state == .top {
                if try takeTopLine(rest, &receiver) { return }
                begin(rest)
            }
            let end = scan(rest)
            let piece = UnsafeRawBufferPointer(rebasing: rest[..<end])
            rest = UnsafeRawBufferPointer(rebasing: rest[end...])
            try hand(piece, &receiver)
            // What follows a statement on its line is white space, or the next statement.
            if state == .top, rest.allSatisfy({ $0 <= 0x20 }) {
                if !rest.isEmpty { try finishLine(rest, &receiver) }
                return
            }
        }
    }

    // MARK: Between statements

    private mutating func takeTopLine(
        _ line: UnsafeRawBufferPointer, _ receiver: inout some DumpReceiver
    ) throws -> Bool {
        if line.allSatisfy({ $0 <= 0x20 }) || DumpText.begins(line, "--") && (line.count == 2 || line[2] <= 0x20) {
            try receiver.comment(line)
            return true
        }
        if DumpText.begins(line, "/*M!999999\\-") {
            try receiver.command(line)
            return true
        }
        if DumpText.begins(line, "DELIMITER ") {
            delimiter = Array(line.dropFirst(10).filter { $0 > 0x20 })
            if delimiter.isEmpty { delimiter = [0x3B] }
            try receiver.command(line)
            return true
        }
        return false
    }

    private mutating func begin(_ line: UnsafeRawBufferPointer) {
        state = .code
        isExecutable = false
        isInsert = DumpText.begins(line, "INSERT ")
        sawValues = false
        depth = 0
        statement.removeAll(keepingCapacity: true)
    }

    // MARK: Statements

    private mutating func hand(_ piece: UnsafeRawBufferPointer, _ receiver: inout some DumpReceiver) throws {
        if isInsert {
            try receiver.rows(piece, rowCount: rowCount)
            rowCount = 0
            return
        }
        guard statement.count + piece.count <= DumpLexer.longestStatement else {
            throw SourceError(
                .malformedStream, "a statement of the dump is longer than \(DumpLexer.longestStatement) bytes",
                subject: "mariadb-dump")
        }
        statement.append(contentsOf: piece)
        guard state == .top else { return }
        if DumpText.begins(statement, "/*!50003 SET sql_mode ") {
            hasBackslashes = !DumpText.contains(statement, "NO_BACKSLASH_ESCAPES")
        }
        try receiver.statement(statement)
    }

    private mutating func finishLine(_ rest: UnsafeRawBufferPointer, _ receiver: inout some DumpReceiver) throws {
        guard isInsert else { return }
        try receiver.rows(rest, rowCount: 0)
    }

    /// Goes on to the end of the statement, or of the line; gives where that is.
    private mutating func scan(_ line: UnsafeRawBufferPointer) -> Int {
        var at = 0
        while at < line.count {
            switch state {
            case .top: return at
            case .quote(let quote): at = skipQuoted(line, at, quote)
            case .block:
                if line[at] == 0x2A, at + 1 < line.count, line[at + 1] == 0x2F {
                    state = .code
                    at += 1
                }
                at += 1
            case .code:
                if isDelimiter(line, at) {
                    state = .top
                    return at + delimiter.count
                }
                at = takeCode(line, at)
            }
        }
        return at
    }

    private mutating func skipQuoted(_ line: UnsafeRawBufferPointer, _ start: Int, _ quote: UInt8) -> Int {
        var at = start
        let escapes = hasBackslashes && quote != 0x60
        while at < line.count {
            let byte = line[at]
            if byte == quote {
                // A doubled quote ends one and begins the next.
                state = .code
                return at + 1
            }
            at += escapes && byte == 0x5C ? 2 : 1
        }
        return min(at, line.count)
    }

    private func isDelimiter(_ line: UnsafeRawBufferPointer, _ at: Int) -> Bool {
        guard line[at] == delimiter[0], at + delimiter.count <= line.count else { return false }
        return delimiter.count == 1 || line[at..<at + delimiter.count].elementsEqual(delimiter)
    }

    /// One byte of code, or what it begins; gives where to go on.
    private mutating func takeCode(_ line: UnsafeRawBufferPointer, _ at: Int) -> Int {
        let next: UInt8 = at + 1 < line.count ? line[at + 1] : 0
        switch line[at] {
        case 0x27, 0x22, 0x60: state = .quote(line[at])
        case 0x23: return line.count
        case 0x2D where next == 0x2D && (at + 2 >= line.count || line[at + 2] <= 0x20): return line.count
        case 0x2F where next == 0x2A:
            let mark: UInt8 = at + 2 < line.count ? line[at + 2] : 0
            let isMarked = mark == 0x21 || mark == 0x4D && at + 3 < line.count && line[at + 3] == 0x21
            if isMarked { isExecutable = true } else { state = .block }
            return at + 2
        case 0x2A where isExecutable && next == 0x2F:
            isExecutable = false
            return at + 2
        case 0x28:
            depth += 1
            if depth == 1, sawValues { rowCount += 1 }
        case 0x29: depth -= 1
        case 0x56 where isInsert && depth == 0 && !sawValues:
            sawValues = DumpText.begins(UnsafeRawBufferPointer(rebasing: line[at...]), "VALUES")
        default: break
        }
        return at + 1
    }
}

/// Looking at bytes as ASCII text.
enum DumpText {
    static func begins(_ bytes: some Sequence<UInt8>, _ text: StaticString) -> Bool {
        text.withUTF8Buffer { bytes.starts(with: $0) }
    }

    static func contains(_ bytes: [UInt8], _ text: String) -> Bool {
        String(decoding: bytes, as: UTF8.self).contains(text)
    }

    /// The first name in backticks at or behind `start`, with doubled backticks made single.
    static func name(in bytes: [UInt8], from start: Int = 0) -> [UInt8]? {
        guard let open = bytes[start...].firstIndex(of: 0x60) else { return nil }
        var name = [UInt8]()
        var at = open + 1
        while at < bytes.count {
            if bytes[at] == 0x60 {
                guard at + 1 < bytes.count, bytes[at + 1] == 0x60 else { return name }
                at += 1
            }
            name.append(bytes[at])
            at += 1
        }
        return nil
    }
}
