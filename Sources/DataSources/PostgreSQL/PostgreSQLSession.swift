import CLinux
import Glibc

/// A `psql` that is asked one thing after another in one session, by a thread that may block. A transaction that it holds
/// open ends with it.
final class PostgreSQLSession {
    private let output: ToolOutput
    private let writeEnd: Int32
    private let null: String
    private let mark: String
    private let subject: String

    private init(_ output: ToolOutput, _ writeEnd: Int32, null: String, mark: String, subject: String) {
        self.output = output
        self.writeEnd = writeEnd
        self.null = null
        self.mark = mark
        self.subject = subject
    }

    /// Opens a session and calls `body` with it.
    static func run<R>(
        _ client: PostgreSQLClient, database: String, on runner: ToolRunner, _ body: (PostgreSQLSession) throws -> R
    ) throws -> R {
        var ends: [Int32] = [-1, -1]
        guard lb_pipe(&ends) == 0 else { throw FileTree.failure("cannot make a pipe", client.name) }
        let writeEnd = ends[1]
        var isOpen = true
        defer { if isOpen { close(writeEnd) } }
        let secret = String(UInt64.random(in: .min ... .max), radix: 36)
        var command = client.command(
            "psql", database: database, ["-qXt", "--csv", "-P", "null=null-\(secret)", "-v", "VERBOSITY=terse"])
        command.input = .descriptor(ends[0])
        command.variables["PGCLIENTENCODING"] = "UTF8"
        do {
            return try runner.run(command) { output in
                let session = PostgreSQLSession(
                    output, writeEnd, null: "null-\(secret)", mark: "mark-\(secret)", subject: client.name)
                let result = try body(session)
                close(writeEnd)
                isOpen = false
                // It ends by itself, and well, once it has nothing more to read.
                while try !output.read(upTo: 1 << 12).isEmpty {}
                return result
            }
        } catch let error as SourceError {
            throw PostgreSQLClient.explained(error, server: client.name)
        }
    }

    /// Runs a statement and gives its rows, NULL as nil.
    ///
    /// - Throws: `QueryError` when the server refuses it; the session goes on.
    @discardableResult
    func ask(_ sql: String) throws -> [[String?]] {
        try send("\(sql)\n;\n\\echo\n\\echo \(mark) :ERROR :SQLSTATE :LAST_ERROR_MESSAGE\n\\echo \(mark) end\n")
        var bytes = [UInt8]()
        let end = Array("\n\(mark) end\n".utf8)
        while !bytes.suffix(end.count).elementsEqual(end) {
            let more = try output.read(upTo: 1)
            guard let byte = more.first else {
                throw SourceError(.toolFailed, "psql ended while it was asked", subject: subject)
            }
            bytes.append(byte)
        }
        let start = Array("\n\(mark) ".utf8)
        let text = bytes.dropLast(end.count)
        guard let at = text.ranges(of: start).first else {
            throw SourceError(.malformedStream, "psql did not say how a query went", subject: subject)
        }
        let verdict = String(decoding: text[at.upperBound...], as: UTF8.self)
        if verdict.hasPrefix("true") {
            let parts = verdict.split(separator: " ", maxSplits: 2)
            throw QueryError(state: String(parts[1]), message: parts.count > 2 ? String(parts[2]) : "")
        }
        return CSVReader.rows(Array(text[..<at.lowerBound])).filter { $0 != [""] }.map { row in
            row.map { $0 == null ? nil : $0 }
        }
    }

    private func send(_ text: String) throws {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(writeEnd, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                // psql is gone; why, its output tells.
                _ = try output.read(upTo: 1)
                throw SourceError(.toolFailed, "psql ended while it was asked", subject: subject)
            }
            rest = rest.dropFirst(count)
        }
    }
}

/// The server refused a statement.
struct QueryError: Error {
    /// Five characters, PostgreSQL documentation, Appendix A.
    let state: String
    let message: String
}
