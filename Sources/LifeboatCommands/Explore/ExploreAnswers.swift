import DataSources
import Recovery
import Trees

/// Where the copy stands.
struct StandingAnswer: Report {
    private let answer = "where"
    private let standing: Standing
    private let moment: Double?

    init(_ exploration: Exploration) {
        standing = exploration.standing
        moment = exploration.moment
    }

    var lines: [String] {
        let time = standing.lastTime.map { "; the last transaction is of \(Units.zonedTime($0))" } ?? ""
        let position = standing.position.isEmpty ? "the beginning" : standing.position
        return [
            "at \(position) on timeline \(standing.timeline) (\(standing.file):\(standing.offset))\(time)",
            standing.next.map { "next: \($0)" } ?? "next: nothing that is known; `next` looks further",
        ]
    }
}

/// What comes next.
struct NextAnswer: Report {
    private let answer = "next"
    let transactions: [FoundTransaction]

    init(transactions: [FoundTransaction]) { self.transactions = transactions }

    var lines: [String] {
        guard !transactions.isEmpty else { return ["the log ends here"] }
        return transactions.flatMap { found in
            ["\(found.position)  \(Units.zonedTime(found.time))  \(found.file):\(found.offset)"]
                + found.changes.map { "  " + words($0) }
        }
    }

    private func words(_ change: FoundTransaction.Change) -> String {
        let rows = change.rowCount.map { ", \(Units.count($0, "row"))" } ?? ""
        return "\(change.action) \(change.table)\(rows)"
            + (change.statement.map { ": " + RawName.printable(Array($0.utf8)) } ?? "")
    }
}

/// Rows of a statement.
struct RowsAnswer: Report {
    private let answer = "rows"
    let rows: [[String?]]

    init(rows: [[String?]]) { self.rows = rows }

    /// A value with signs that a terminal obeys, or that end a line, is shown escaped.
    var lines: [String] {
        rows.map { row in row.map { $0.map { RawName.printable(Array($0.utf8)) } ?? "NULL" }.joined(separator: "\t") }
            + [Units.count(rows.count, "row")]
    }
}

/// Rows that were written into a file.
struct ExportAnswer: Report {
    private let answer = "export"
    let table: String
    let file: String

    let definition: Bool

    init(_ request: ExportRequest) {
        (table, file, definition) = (request.table, request.file, request.withDefinition)
    }

    var lines: [String] {
        let also = definition ? ", behind the one that makes the table" : ""
        return ["rows of \(table) are in \(file), as statements that insert them\(also)"]
    }
}

/// A script that was written.
struct DiffAnswer: Report {
    private let answer = "diff"
    let result: DiffResult

    init(result: DiffResult) { self.result = result }

    var lines: [String] {
        var lines = [
            "\(Units.count(result.insertCount, "row")) to insert, \(result.updateCount) to update, "
                + "\(result.liveOnlyCount) that only live has and are left alone",
            "the script is in \(result.file); nothing was run: read it, and run it yourself",
        ]
        if result.areFilesUnknown {
            lines.append("too many rows to look for their files; `lifeboat reconcile` names what is missing then")
        }
        if !result.missingFiles.isEmpty {
            lines.append(
                "\(Units.count(result.missingFiles.count, "file")) of these rows missing in the live tree, "
                    + "\(result.restoredFiles.count) restored")
        }
        return lines
    }
}

/// A server that goes on.
struct PromotedAnswer: Report {
    private let answer = "promote"
    private let processID: Int32
    private let howToConnect: [String]
    private let howToRemove: String

    enum CodingKeys: String, CodingKey {
        case answer
        case processID = "process_id"
        case howToConnect = "how_to_connect"
        case howToRemove = "how_to_remove"
    }

    init(_ exploration: Exploration) {
        processID = exploration.copy.server?.processID ?? 0
        howToConnect = exploration.copy.server?.howToConnect ?? []
        let wait = "while kill -0 \(processID) 2>/dev/null; do sleep 0.1; done"
        howToRemove = "kill \(processID); \(wait); rm -r \(exploration.folders.joined(separator: " "))"
    }

    var lines: [String] {
        ["the server stays when you leave (process \(processID)):"] + howToConnect.map { "  \($0)" }
            + ["  to remove it: \(howToRemove)"]
    }
}

/// What can be typed.
struct HelpAnswer: Report {
    private let answer = "help"
    private let text = ExploreHelp.text

    var lines: [String] { text.split(separator: "\n").map(String.init) }
}

/// A command that failed.
struct FailedAnswer: Report {
    private let answer = "error"
    let error: ErrorReport

    init(error: ErrorReport) { self.error = error }

    var lines: [String] { error.lines }
}
