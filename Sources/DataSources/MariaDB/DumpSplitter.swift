import Sealing
import Trees

/// Takes a dump apart while it streams: one file a table, the rest by what it is.
///
/// Sections are told by the headings of mariadb-dump: the first line behind a line that is exactly `--`, between statements. A
/// name in a heading cannot forge one, since the tool puts `-- ` before each line of it. Names are taken from statements.
struct DumpSplitter: DumpReceiver {
    private enum Section { case header, schema, rows, triggers, events, routines, views, footer }

    private static let headings: [(String, Section)] = [
        ("Current Database: ", .schema), ("Table structure for table ", .schema),
        ("Temporary table structure for view ", .schema), ("Temporary view structure for view ", .schema),
        ("Sequence structure for ", .schema), ("Dumping data for table ", .rows),
        ("Dumping events for database ", .events), ("Dumping routines for database ", .routines),
        ("Final view structure for view ", .views),
    ]

    private let files: DumpFiles
    private var section = Section.header
    /// In a block of comments, and whether its heading has come.
    private var isInBlock = false
    private var hasHeading = false
    /// Statements that wait until it is known where they belong.
    private var waiting: [UInt8] = []
    /// Position of the binary log, from the comments.
    private(set) var position = SourcePosition()
    /// The success line was the last thing.
    private(set) var isComplete = false

    init(into files: DumpFiles) { self.files = files }

    // MARK: Comments

    mutating func comment(_ line: UnsafeRawBufferPointer) throws {
        let text = String(decoding: line.prefix(400), as: UTF8.self)
        let trimmed = text.hasSuffix("\n") ? String(text.dropLast()) : text
        if section == .header || section == .footer { try keep(line) }
        if trimmed.allSatisfy({ $0.isWhitespace }) {
            isInBlock = false
            return
        }
        isComplete = false
        if trimmed == "--" {
            isInBlock.toggle()
            hasHeading = false
        } else if isInBlock, !hasHeading {
            hasHeading = true
            try heading(String(trimmed.dropFirst(3)), line)
        } else if !isInBlock {
            try remark(trimmed, line)
        }
    }

    private mutating func heading(_ text: String, _ line: UnsafeRawBufferPointer) throws {
        if let (_, found) = DumpSplitter.headings.first(where: { text.hasPrefix($0.0) }) {
            guard waiting.isEmpty else { throw malformed("statements that belong nowhere before: \(text)") }
            if section == .header { try files.finish(.header) }
            try files.finish(.rows)
            section = found
        } else if section != .header {
            throw malformed("a part that is not known: \(text)")
        }
    }

    private mutating func remark(_ text: String, _ line: UnsafeRawBufferPointer) throws {
        if text.hasPrefix("-- The deferred gtid setting") {
            try beginFooter()
            try keep(line)
        } else if text.hasPrefix("-- CHANGE MASTER TO MASTER_LOG_FILE=") {
            let parts = text.split(separator: "'")
            position.binlogFile = parts.count > 2 ? String(parts[1]) : nil
            position.binlogOffset = text.split(separator: "=").last.flatMap { UInt64($0.prefix { $0.isNumber }) }
        } else if text.hasPrefix("-- SET GLOBAL gtid_slave_pos='") {
            let parts = text.split(separator: "'", omittingEmptySubsequences: false)
            position.gtid = parts.count > 2 ? String(parts[1]) : nil
        } else if text == "-- Dump completed", section == .footer {
            isComplete = true
        }
    }

    private mutating func beginFooter() throws {
        guard section != .footer else { return }
        try files.finishDatabases()
        section = .footer
    }

    private func keep(_ line: UnsafeRawBufferPointer) throws {
        try files.write(line, to: section == .header ? .header : .footer)
    }

    // MARK: Statements

    mutating func command(_ line: UnsafeRawBufferPointer) throws {
        isInBlock = false
        if section == .rows { try leaveRows() }
        try put(Array(line))
    }

    mutating func statement(_ bytes: [UInt8]) throws {
        isInBlock = false
        isComplete = false
        if DumpText.begins(bytes, "/*!40103 SET TIME_ZONE=@OLD_TIME_ZONE */") { try beginFooter() }
        switch section {
        case .header, .footer: try put(bytes + [0x0A])
        case .rows: try rowsStatement(bytes)
        case _ where DumpText.begins(bytes, "USE "):
            guard let name = DumpText.name(in: bytes) else { throw malformed("USE without a name") }
            try files.enter(name, create: waiting)
            waiting = []
        case .schema where DumpText.begins(bytes, "CREATE DATABASE "): waiting = bytes + [0x0A]
        default: try put(bytes + [0x0A])
        }
    }

    private mutating func rowsStatement(_ bytes: [UInt8]) throws {
        if DumpText.begins(bytes, "LOCK TABLES ") {
            guard let name = DumpText.name(in: bytes) else { throw malformed("LOCK TABLES without a name") }
            try files.beginRows(of: name)
            try waiting.withUnsafeBytes { try files.write($0, to: .rows) }
            waiting = []
        } else if DumpText.begins(bytes, "/*!50003 SET ") {
            // The first statement of a trigger.
            try leaveRows()
        } else if !files.hasRows {
            waiting += bytes + [0x0A]
            return
        }
        try put(bytes + [0x0A])
    }

    private mutating func leaveRows() throws {
        try files.finish(.rows)
        section = .triggers
    }

    mutating func rows(_ piece: UnsafeRawBufferPointer, rowCount: UInt64) throws {
        isInBlock = false
        guard section == .rows, files.hasRows else { throw malformed("rows outside of a table") }
        files.add(rowCount: rowCount)
        try files.write(piece, to: .rows)
    }

    private func put(_ bytes: [UInt8]) throws {
        let part: DumpFiles.Part =
            switch section {
            case .header: .header
            case .schema: .schema
            case .rows: .rows
            case .triggers: .triggers
            case .events: .events
            case .routines: .routines
            case .views: .views
            case .footer: .footer
            }
        try bytes.withUnsafeBytes { try files.write($0, to: part) }
    }

    /// The dump is at its end.
    ///
    /// - Throws: `malformedStream` when it does not end as a whole one does.
    func finish() throws {
        guard isComplete else { throw malformed("it lacks its last line, `-- Dump completed`") }
        try files.finishAll()
    }

    private func malformed(_ what: String) -> SourceError {
        SourceError(.malformedStream, "the dump is not as it should be: \(what)", subject: "mariadb-dump")
    }
}
