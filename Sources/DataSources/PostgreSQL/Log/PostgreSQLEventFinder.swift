/// Looks through PostgreSQL's log with pg_waldump.
///
/// The log names files, not tables: what they are called has to be handed in, from a server that stands near the log.
public struct PostgreSQLEventFinder: EventFinder {
    private let settings: PostgreSQLSettings
    private let environment: SourceEnvironment
    private let names: RelationNames

    /// A finder that knows tables by the paths of their files, see `names(of:)`; a file without a name is called by its path.
    public init(settings: PostgreSQLSettings, environment: SourceEnvironment, names: [String: String]) {
        self.settings = settings
        self.environment = environment
        self.names = RelationNames(names)
    }

    /// Tables of all databases of a private server by the paths of their files: `base/16384/16385` is `app.public.ledger`; what is no
    /// table of a user (indexes, TOAST) has an empty name.
    public static func names(of server: any ScratchServer) async throws -> [String: String] {
        var names = [String: String]()
        for row in try await server.query(RelationNameList.databases, database: nil) {
            for found in try await server.query(RelationNameList.tables, database: row[0]) {
                if let path = found[0] { names[path] = found[1] ?? "" }
            }
        }
        return names
    }

    /// Is `app.public.ledger` meant by `ledger`, `public.ledger`, `app.ledger`?
    public static func isCalled(_ name: String, _ asked: String) -> Bool {
        if name == asked || name.hasSuffix(".\(asked)") { return true }
        let (parts, words) = (name.split(separator: "."), asked.split(separator: "."))
        return parts.count == 3 && words.count == 2 && parts[0] == words[0] && parts[2] == words[1]
    }

    /// Finds transactions, see `EventFinder`. What was done to a file without a name fits every table that is asked for. `position` of one is where its commit ends: `before` it leaves the transaction out.
    /// A table that lost its file is dropped, truncated or rewritten (`alter`); the log tells by what else happened.
    public func find(
        _ question: EventQuestion, in log: ReplayLog, limit: Int
    ) async throws -> [FoundTransaction] {
        let dump = try WALDump(log, settings, environment)
        let start = max(log.start.startLSN.flatMap { LSN($0) } ?? dump.archive.begin, dump.archive.begin)
        // Who stands at the end has nothing before him.
        guard try await dump.record(atOrAfter: start) != nil else { return [] }
        let collector = WALEventCollector(question, names, limit: limit, dump.archive.segmentByteCount)
        let found = try await dump.read(
            from: start, managers: ["Heap", "Heap2", "Storage", "Transaction"], into: collector
        ) { $0.take($1) }
        return found.taker.found.map { event in
            let number = event.begin.byteCount / dump.archive.segmentByteCount
            let segment = dump.archive.newest.first { dump.archive.number($0) == number }
            return FoundTransaction(
                file: segment?.file.name ?? "", offset: event.begin.byteCount % dump.archive.segmentByteCount,
                timeline: segment?.file.timeline ?? 1, position: "\(event.end)", time: event.time,
                changes: event.changes)
        }
    }
}

/// What files of relations are called. Files are known by tablespace, database and number, as records name them: `1663/5/16398`.
struct RelationNames: Sendable {
    private var names = [String: String]()

    init(_ paths: [String: String]) {
        for (path, name) in paths { names[RelationNames.file(path)] = name }
    }

    /// The name; the file's path where none is known; nil for what is no table of a user.
    func name(_ file: String) -> String? {
        if let name = names[file] { return name.isEmpty ? nil : name }
        let parts = file.split(separator: "/")
        guard parts.count == 3, let number = UInt32(parts[2]), number >= RelationNameList.firstNumber else {
            return nil
        }
        return parts[0] == "1663" ? "base/\(parts[1])/\(parts[2])" : "pg_tblspc/\(file)"
    }

    /// `base/5/16398`, `global/1262` or `pg_tblspc/16400/PG_15_202209061/5/16398` as records name it.
    static func file(_ path: some StringProtocol) -> String {
        let parts = path.split(separator: "/")
        switch parts.first {
        case "base" where parts.count == 3: return "1663/\(parts[1])/\(parts[2])"
        case "global" where parts.count == 2: return "1664/0/\(parts[1])"
        case "pg_tblspc" where parts.count == 5: return "\(parts[1])/\(parts[3])/\(parts[4])"
        default: return String(path)
        }
    }
}
