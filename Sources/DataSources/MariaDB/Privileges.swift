/// What an account may do, as SHOW GRANTS tells it.
struct Privileges {
    /// An account as the server names it: `backup@localhost`.
    let account: String
    private var everywhere = Set<String>()
    private var byDatabase: [String: Set<String>] = [:]
    /// On single tables: `mysql.proc`.
    private var byTable: [String: Set<String>] = [:]

    /// Reads the lines of SHOW GRANTS, for the account and its active roles.
    init(account: String, grants: [String]) {
        self.account = account
        for line in grants { add(line) }
    }

    private mutating func add(_ line: String) {
        guard line.hasPrefix("GRANT "), let on = line.firstRange(of: " ON "), let to = line.firstRange(of: " TO ")
        else { return }
        let words = line[line.index(line.startIndex, offsetBy: 6)..<on.lowerBound].split(separator: ",")
        let names = Set(words.map { $0.drop { $0 == " " }.uppercased() })
        var place = String(line[on.upperBound..<to.lowerBound])
        if place.hasPrefix("TABLE ") { place.removeFirst(6) }
        if place == "*.*" {
            everywhere.formUnion(names)
        } else if place.hasSuffix(".*") {
            byDatabase[Privileges.plain(String(place.dropLast(2))), default: []].formUnion(names)
        } else {
            byTable[place.filter { $0 != "`" }, default: []].formUnion(names)
        }
    }

    /// Without backticks and escaped wildcards. A pattern with wildcards matches no database here: it is reported as missing.
    private static func plain(_ name: String) -> String {
        String(decoding: DumpText.name(in: Array(name.utf8)) ?? Array(name.utf8), as: UTF8.self)
            .replacing("\\_", with: "_").replacing("\\%", with: "%")
    }

    /// Whether it holds a privilege for a whole database; nil means for all.
    func has(_ privilege: String, on database: String? = nil, table: String? = nil) -> Bool {
        let names = Privileges.names(of: privilege)
        if !everywhere.isDisjoint(with: names) { return true }
        guard let database else { return false }
        if !byDatabase[database, default: []].isDisjoint(with: names) { return true }
        return table.map { !byTable["\(database).\($0)", default: []].isDisjoint(with: names) } ?? false
    }

    private static func names(of privilege: String) -> Set<String> {
        let all: Set = [privilege, "ALL PRIVILEGES", "ALL"]
        switch privilege {
        case "BINLOG MONITOR": return all.union(["REPLICATION CLIENT", "SUPER"])
        default: return all
        }
    }

    /// The account as a statement wants it.
    var quotedAccount: String {
        let parts = account.split(separator: "@", omittingEmptySubsequences: false)
        let user = parts.dropLast().joined(separator: "@")
        return "\(MariaDBClient.text(user))@\(MariaDBClient.text(String(parts.last ?? "")))"
    }

    /// What a physical backup needs and the account lacks, each with the statement that grants it.
    var missingForPhysical: [(name: String, grant: String)] {
        ["RELOAD", "PROCESS", "BINLOG MONITOR"].filter { !has($0) }.map { ($0, grant($0, on: "*.*")) }
    }

    /// What following the binary log needs and the account lacks, each with the statement that grants it.
    var missingForLog: [(name: String, grant: String)] {
        ["REPLICATION SLAVE", "BINLOG MONITOR"].filter { !has($0) }.map { ($0, grant($0, on: "*.*")) }
    }

    /// What a logical backup needs and the account lacks, each with the statement that grants it.
    func missingForLogical(
        _ databases: [String], hasRoutines: Bool, callsFunctionsOf called: [String]
    ) -> [(name: String, grant: String)] {
        var result = [(name: String, grant: String)]()
        for name in ["SELECT", "SHOW VIEW", "TRIGGER", "EVENT"] {
            let lacking = databases.filter { !has(name, on: $0) }
            let places = lacking == databases ? ["*.*"] : lacking.map { MariaDBClient.quoted($0) + ".*" }
            result += places.map { (name, grant(name, on: $0)) }
        }
        let readsRoutines = has("SELECT", on: "mysql", table: "proc") || has("SHOW CREATE ROUTINE")
        if hasRoutines, !readsRoutines { result.append(("SELECT", grant("SELECT", on: "mysql.proc"))) }
        for database in called where !has("EXECUTE", on: database) {
            result.append(("EXECUTE", grant("EXECUTE", on: MariaDBClient.quoted(database) + ".*")))
        }
        return result
    }

    private func grant(_ name: String, on place: String) -> String { "GRANT \(name) ON \(place) TO \(quotedAccount);" }
}
