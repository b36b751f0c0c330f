import Glibc

/// Parts of a plain dump that are no table; restored in this order, the tables behind the first.
enum DumpPart: String, CaseIterable {
    /// Settings, schemas, types, functions, tables without their rows.
    case preData = "pre-data.sql"
    /// Content of large objects.
    case largeObjects = "large-objects.sql"
    /// Where sequences stand.
    case sequences = "sequences.sql"
    /// Indexes, constraints, triggers, views that hold rows, rights.
    case postData = "post-data.sql"
}

/// A table of a dump.
struct DumpTable: Hashable {
    let schema: String
    let table: String
}

/// Takes the parts of a dump.
protocol DumpParts: AnyObject {
    func take(_ bytes: UnsafeRawBufferPointer, of part: DumpPart) throws
    /// A table begins; what comes until `endTable` is its part, `COPY` statement and `\.` included.
    func beginTable(_ table: DumpTable) throws
    func take(_ bytes: UnsafeRawBufferPointer) throws
    func endTable(rowCount: UInt64) throws
}

/// Takes what `pg_dump` writes apart: a part for each table, and what stands before, between and behind.
///
/// Its order is: definitions, then rows (`COPY … FROM stdin;`, lines, `\.`), large objects and sequences, then everything else.
/// Nothing is dropped but comments between tables, so the parts one behind another are the dump again, whatever is in it.
final class PostgreSQLDumpSplitter {
    private enum Phase { case before, within, after }

    private static let longestLine = 1 << 28
    private static let completion = Array("\n--\n-- PostgreSQL database dump complete\n--\n\n".utf8)

    private let parts: any DumpParts
    private let subject: String
    private var phase = Phase.before
    private var lexer = PostgreSQLDumpLexer()
    /// The statement between tables that has begun.
    private var statement = [UInt8]()
    /// Rows so far of the table that has begun; nil outside of tables.
    private var rowCount: UInt64?
    private var isAtLineStart = true
    /// The last bytes of the dump.
    private var tail = [UInt8]()

    init(_ parts: any DumpParts, subject: String) {
        self.parts = parts
        self.subject = subject
    }

    /// Takes everything that `fill` gives (fewer bytes than the buffer holds only at the end).
    ///
    /// - Throws: `malformedStream` when the dump is not complete; what `fill` and the parts throw.
    func read(_ fill: (UnsafeMutableRawBufferPointer) throws -> Int) throws {
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        var kept = 0
        var isLast = false
        while !isLast {
            let count = try buffer.withUnsafeMutableBytes { bytes in
                try fill(UnsafeMutableRawBufferPointer(rebasing: bytes[kept...]))
            }
            let end = kept + count
            isLast = end < buffer.count
            let used = try buffer.withUnsafeBytes { try take(UnsafeRawBufferPointer(rebasing: $0[..<end])) }
            kept = end - used
            if used > 0 {
                buffer.replaceSubrange(0..<kept, with: Array(buffer[used..<end]))
            } else if !isLast {
                guard buffer.count < PostgreSQLDumpSplitter.longestLine else { throw malformed("a line does not end") }
                buffer += [UInt8](repeating: 0, count: buffer.count)
            }
        }
        // What comes behind the rows is not looked at, so its quotes are not known.
        guard kept == 0, rowCount == nil, statement.isEmpty, phase == .after || lexer.isOutside, isComplete else {
            throw malformed("the dump ends before its last line")
        }
    }

    /// Newer versions put `\unrestrict KEY` behind the last line.
    private var isComplete: Bool {
        var tail = tail
        if let command = tail.ranges(of: Array(#"\unrestrict "#.utf8)).last,
            let lineBreak = tail[command.upperBound...].firstIndex(of: 0x0A), tail[lineBreak...] == [0x0A, 0x0A]
        {
            tail.removeLast(tail.count - command.lowerBound)
        }
        return tail.suffix(PostgreSQLDumpSplitter.completion.count).elementsEqual(PostgreSQLDumpSplitter.completion)
    }

    /// Takes what can be taken of `bytes` and gives its length; the rest comes again with more behind it.
    private func take(_ bytes: UnsafeRawBufferPointer) throws -> Int {
        var index = 0
        while index < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[index...])
            var used: Int
            if phase == .after {
                try parts.take(rest, of: .postData)
                used = rest.count
            } else {
                used = rowCount == nil ? try takeLine(rest) : try takeRows(rest)
            }
            if used == 0 { break }
            index += used
        }
        tail = (tail + bytes[..<index].suffix(512)).suffix(512)
        return index
    }

    // MARK: Outside of tables

    private func takeLine(_ bytes: UnsafeRawBufferPointer) throws -> Int {
        guard let length = lineLength(bytes) else { return 0 }
        let line = Array(bytes[..<length])
        if phase == .before, !(lexer.isOutside && isData(line)) {
            lexer.take(line)
            try parts.take(UnsafeRawBufferPointer(rebasing: bytes[..<length]), of: .preData)
            return length
        }
        phase = .within
        if statement.isEmpty {
            if line == [0x0A] || line.starts(with: "--".utf8) { return length }
            guard isData(line) || isAboutLargeObject(line) else {
                phase = .after
                return try take(bytes)
            }
        }
        lexer.take(line)
        statement += line
        guard statement.count < PostgreSQLDumpSplitter.longestLine else { throw malformed("a statement does not end") }
        if lexer.isOutside, line.suffix(2).elementsEqual(";\n".utf8) { try takeStatement() }
        return length
    }

    /// Is it the beginning of what stands among tables? Definitions never begin like this.
    private func isData(_ line: [UInt8]) -> Bool {
        ["COPY ", "SELECT pg_catalog.setval(", "SELECT pg_catalog.lo", "BEGIN;", "COMMIT;", "ALTER LARGE OBJECT "]
            .contains { line.starts(with: $0.utf8) }
    }

    /// Is it what may stand behind the making of a large object? Elsewhere these lines are definitions.
    private func isAboutLargeObject(_ line: [UInt8]) -> Bool {
        line.starts(with: "COMMENT ON LARGE OBJECT ".utf8)
            || line.starts(with: "SECURITY LABEL FOR ".utf8)
                && !line.ranges(of: Array(" ON LARGE OBJECT ".utf8)).isEmpty
    }

    private func takeStatement() throws {
        let bytes = statement
        statement = []
        if bytes.starts(with: "COPY ".utf8) {
            guard let table = PostgreSQLDumpLexer.copiedTable(bytes) else {
                throw malformed(
                    "pg_dump wrote a COPY that nobody expects: \(String(decoding: bytes.prefix(99), as: UTF8.self))")
            }
            try parts.beginTable(table)
            try bytes.withUnsafeBytes { try parts.take($0) }
            rowCount = 0
            isAtLineStart = true
        } else {
            let part = bytes.starts(with: "SELECT pg_catalog.setval(".utf8) ? DumpPart.sequences : .largeObjects
            try bytes.withUnsafeBytes { try parts.take($0, of: part) }
        }
    }

    // MARK: Within a table

    /// Hands on all whole lines, and the pieces of a line that is longer than the buffer, up to the line `\.`.
    private func takeRows(_ bytes: UnsafeRawBufferPointer) throws -> Int {
        var index = 0
        while index < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[index...])
            if isAtLineStart, rest[0] == 0x5C {
                if rest.count < 3 { break }
                if rest[1] == 0x2E, rest[2] == 0x0A {
                    try parts.take(UnsafeRawBufferPointer(rebasing: bytes[..<(index + 3)]))
                    try parts.endTable(rowCount: rowCount ?? 0)
                    rowCount = nil
                    return index + 3
                }
            }
            if let length = lineLength(rest) {
                index += length
                rowCount? += 1
                isAtLineStart = true
            } else {
                index = bytes.count
                isAtLineStart = false
            }
        }
        if index > 0 { try parts.take(UnsafeRawBufferPointer(rebasing: bytes[..<index])) }
        return index
    }

    /// Length of the first line with its break; nil when it does not end here.
    private func lineLength(_ bytes: UnsafeRawBufferPointer) -> Int? {
        guard let base = bytes.baseAddress, let found = memchr(base, 0x0A, bytes.count) else { return nil }
        return UnsafeRawPointer(found) - base + 1
    }

    private func malformed(_ message: String) -> SourceError {
        SourceError(.malformedStream, message, subject: subject)
    }
}
