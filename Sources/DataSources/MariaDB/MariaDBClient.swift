import Trees

/// Asks a MariaDB server with its own client.
struct MariaDBClient: Sendable {
    let tools: MariaDBTools
    /// An option file that names server and account.
    let optionFile: String
    /// For messages.
    let subject: String

    /// Runs statements, each ended by `;`, and gives the rows of all results one after another; NULL as nil.
    ///
    /// - Parameters:
    ///   - continues: go on after a statement that fails; what failed has no rows.
    ///   - said: gets what the client writes about failures.
    func query(
        _ sql: String, database: String? = nil, continues: Bool = false, timeout: Duration? = .seconds(600),
        said: SaidLines = SaidLines()
    ) async throws -> [[String?]] {
        // XML, because it alone tells NULL from the text 'NULL'.
        var arguments = ["--defaults-file=\(optionFile)", "--xml", "--binary-mode", "--unbuffered", "--quick"]
        arguments += ["--default-character-set=utf8mb4"] + (continues ? ["--force"] : [])
        if let database { arguments.append("--database=\(database)") }
        var command = tools.command("mariadb", arguments)
        command.input = .bytes(Array((sql + "\n").utf8))
        command.report = { said.add($0) }
        do {
            return try ResultXML.rows(try await command.run(timeout: timeout))
        } catch let error as SourceError {
            throw MariaDBClient.explain(error, said.all, subject)
        }
    }

    /// One row of one value each.
    func column(_ sql: String) async throws -> [String] { try await query(sql).compactMap { $0.first ?? nil } }

    /// The one value of the one row.
    func value(_ sql: String) async throws -> String? { try await query(sql).first?.first ?? nil }

    /// Tells failures of the server from failures of the tool by the error number that the client prints.
    static func explain(_ error: SourceError, _ lines: [String], _ subject: String) -> SourceError {
        guard error.code == .toolFailed,
            let line = lines.last(where: { $0.contains("ERROR ") || $0.contains("rror: ") })
        else { return error }
        let numbers = line.split(whereSeparator: { !$0.isNumber }).compactMap { Int($0) }
        let code: SourceError.Code
        switch numbers.first(where: { $0 >= 1000 }) ?? 0 {
        case 1044, 1045, 1142, 1143, 1227, 1370, 1698: code = .accessDenied
        case 2000...2059, 1040, 1053: code = .serverUnreachable
        case 1969, 3024: code = .timedOut
        default: code = .checkFailed
        }
        let hint: String =
            switch code {
            case .accessDenied: "check user and password of the source; `lifeboat doctor` names what the account lacks"
            case .serverUnreachable: "does the server run? check socket, or host and port, of the source"
            default: ""
            }
        return SourceError(code, "the server said: \(line)", subject: subject, hint: hint, cause: error)
    }

    /// A name in backticks.
    static func quoted(_ name: String) -> String {
        "`" + name.split(separator: "`", omittingEmptySubsequences: false).joined(separator: "``") + "`"
    }

    /// A text in quotes, for a session whose `sql_mode` allows backslashes.
    static func text(_ value: String) -> String {
        var result = "'"
        for character in value.unicodeScalars {
            if character == "'" || character == "\\" { result.append("\\") }
            result.unicodeScalars.append(character)
        }
        return result + "'"
    }
}

/// What the client prints with `--xml`.
enum ResultXML {
    /// The rows of all results. Bytes that are no UTF-8 become replacement characters.
    static func rows(_ bytes: [UInt8]) throws -> [[String?]] {
        var rows = [[String?]]()
        var at = 0
        while let open = next(bytes, from: at) {
            at = open.end
            if open.name == "row" { rows.append([]) }
            guard open.name == "field", !rows.isEmpty else { continue }
            if open.isNil {
                rows[rows.count - 1].append(nil)
                continue
            }
            guard let close = bytes[at...].firstIndex(of: 0x3C) else {
                throw SourceError(.malformedStream, "the answer ends within a value", subject: "mariadb")
            }
            rows[rows.count - 1].append(unescaped(bytes[at..<close]))
            at = close
        }
        return rows
    }

    private struct Tag {
        let name: String
        let isNil: Bool
        let end: Int
    }

    /// The next tag. A `<` within values and attributes is written as an entity, a `>` too.
    private static func next(_ bytes: [UInt8], from start: Int) -> Tag? {
        guard let open = bytes[start...].firstIndex(of: 0x3C), let close = bytes[open...].firstIndex(of: 0x3E) else {
            return nil
        }
        let text = String(decoding: bytes[open + 1..<close], as: UTF8.self)
        let name = text.prefix { !" \n\t/".contains($0) }
        return Tag(name: String(name), isNil: text.hasSuffix("xsi:nil=\"true\" /"), end: close + 1)
    }

    private static func unescaped(_ bytes: ArraySlice<UInt8>) -> String {
        var text = String(decoding: bytes, as: UTF8.self)
        guard text.utf8.contains(0x26) else { return text }
        for (entity, character) in [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&amp;", "&")] {
            text = text.replacing(entity, with: character)
        }
        return text
    }
}
