import ObjectStore
import Synchronization

/// Asks pg_waldump what is in a log. The log is laid out in a folder of its own, which is removed with the value.
final class WALDump: Sendable {
    let archive: WALArchive
    private let folder: String
    private let program: String
    private let variables: [String: String]

    init(_ log: ReplayLog, _ settings: PostgreSQLSettings, _ environment: SourceEnvironment) throws {
        archive = try WALArchive(log)
        let named = archive.major.map { PostgreSQLTools.folder(named: settings.toolFolder, major: $0) }
        let tools = named ?? PostgreSQLTools.anyFolder(named: settings.toolFolder)
        program = tools.map { "\($0)/pg_waldump" } ?? "pg_waldump"
        var variables = environment.variables.filter { name, _ in !name.hasPrefix("PG") }
        variables["LC_ALL"] = "C"
        variables["TZ"] = "UTC"
        self.variables = variables
        folder = try FileTree.makeTemporaryFolder(in: environment.temporaryFolder, "pg")
        do {
            try archive.flatten(into: folder)
        } catch {
            FileTree.remove(folder)
            throw error
        }
    }

    deinit { FileTree.remove(folder) }

    /// Goes through all records from `start` on, or those of some managers, and lets `taker` have each. Gives the end of the last
    /// record of any manager: of the log.
    ///
    /// - Throws: `SourceError.checkFailed` when there is no record at `start`.
    func read<Taker: Sendable>(
        from start: LSN, managers: [String] = [], into taker: Taker,
        _ take: @escaping @Sendable (inout Taker, WALRecord) throws -> Void
    ) async throws -> (taker: Taker, end: LSN) {
        // Older ones look for one manager only.
        let isFiltered = managers.count == 1 || archive.major ?? 0 >= 15
        let filter = isFiltered ? managers.flatMap { ["-r", $0] } : []
        let (taker, last) = try await run(["-s", "\(start)"] + filter, into: taker, take)
        guard let last, let end = try await end(ofRecordAt: last) else {
            throw SourceError(
                .checkFailed, "the log has no record at \(start)", subject: archive.segments[0].file.path,
                hint: "it begins at \(archive.begin)")
        }
        return (taker, end)
    }

    /// Start of the first record that starts at or behind a place, and of the one before it; nil when there is none.
    func record(atOrAfter place: LSN) async throws -> (start: LSN, previous: LSN)? {
        guard (archive.begin..<archive.end).contains(place) else { return nil }
        let found = try await run(["-s", "\(place)", "-n", "1"], into: [(LSN, LSN)]()) {
            $0.append(($1.start, $1.previous))
        }
        return found.taker.first.map { (start: $0.0, previous: $0.1) }
    }

    private func end(ofRecordAt start: LSN) async throws -> LSN? {
        let segment = archive.segmentByteCount
        let found = try await run(["-s", "\(start)", "-n", "1"], into: [LSN]()) {
            if $1.start == start { $0.append($1.end(segmentByteCount: segment)) }
        }
        return found.taker.first
    }

    /// Runs it; gives the start of the last good record when it came upon one that was not.
    private func run<Taker: Sendable>(
        _ arguments: [String], into taker: Taker, _ take: @escaping @Sendable (inout Taker, WALRecord) throws -> Void
    ) async throws -> (taker: Taker, lastGood: LSN?) {
        var command = ToolCommand(program, ["-p", folder] + arguments, variables: variables)
        let said = SaidErrors()
        command.report = { said.add($0) }
        // It ends so at the end of every log.
        command.acceptedExitCodes = [1]
        let subject = program
        let result = try await command.stream { output in
            let lane = BlockingLane(name: "waldump", threadCount: 1)
            return try await lane.run {
                var taker = taker
                var reader = LineReader { try output.read(into: $0) }
                try reader.forEachLine { line in
                    let text = Substring(String(decoding: line, as: UTF8.self))
                    if let record = WALRecord(text.hasSuffix("\n") ? text.dropLast() : text) {
                        try take(&taker, record)
                    }
                }
                return taker
            }
        }
        guard let error = said.last else { return (result, nil) }
        return (result, try WALDump.lastGood(error, subject: subject))
    }

    /// Reads `pg_waldump: error: error in WAL record at 0/4050870: invalid record length at …`, the usual end.
    private static func lastGood(_ error: String, subject: String) throws -> LSN? {
        let mark = "error in WAL record at "
        if let range = error.firstRange(of: mark), let place = LSN(error[range.upperBound...].prefix { $0 != ":" }) {
            return place
        }
        if error.contains("could not find a valid record after") { return nil }
        throw SourceError(.malformedStream, "the log cannot be read", subject: subject, hint: error)
    }
}

/// Errors that a tool wrote.
private final class SaidErrors: Sendable {
    private let lines = Mutex([String]())

    func add(_ line: String) { lines.withLock { if line.contains("error: ") { $0.append(line) } } }

    var last: String? { lines.withLock { $0.last } }
}
