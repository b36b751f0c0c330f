import Glibc

/// One recovery: a private server is started on a data folder, recovers, begins a timeline of its own, and is stopped.
struct WALRecovery {
    /// A cluster that was rewound more often than this is none of ours.
    private static let highestTimeline: UInt32 = 10_000

    /// The timeline to go along; nil for that of the base.
    var timeline: UInt32?
    /// Stop before the first record that starts here or behind it; nil to go on to the end.
    var stop: LSN?

    private let restorer: PostgreSQLRestorer
    private let data: String
    private let run: String

    init(_ restorer: PostgreSQLRestorer, data: String, run: String) {
        self.restorer = restorer
        self.data = data
        self.run = run
    }

    /// Recovers with the log that `lay` puts into a folder; gives where the timeline before was left, as the server says it.
    func perform(_ lay: (_ folder: String) throws -> Void) async throws -> TimelineHistory.Entry {
        try FileTree.makeFolder(run)
        let folder = "\(run)/log"
        guard !FileTree.exists(folder) else {
            throw SourceError(.targetOccupied, "it is there already", subject: folder)
        }
        defer { FileTree.remove(folder) }
        try lay(folder)
        try await reserveTimelines(in: folder)
        if let account = restorer.account { try FileTree.give(folder, to: account) }
        var restorer = restorer
        restorer.recovery = [:]
        restorer.keepsRunning = false
        // The shell gets the folder as a variable, whatever is in its name.
        restorer.moreVariables["LIFEBOAT_LOG"] = folder
        let timeline = try await newTimeline(restorer)
        if restorer.environment.isDurable { try FileTree.flush(data) }
        let history = "\(data)/pg_wal/\(WALFileName.history(timeline: timeline))"
        let text = String(decoding: try SmallFile.read(history), as: UTF8.self)
        guard let branch = try TimelineHistory(text, subject: history).entries.last else {
            throw SourceError(.malformedStream, "it does not say what was before", subject: history)
        }
        return branch
    }

    private func newTimeline(_ restorer: PostgreSQLRestorer) async throws -> UInt32 {
        let server: PrivatePostgreSQL
        do {
            server = try await PrivatePostgreSQL.start(restorer, data: data, run: run, more: settings)
        } catch let error as SourceError where error.hint.contains("recovery ended before configured recovery target") {
            throw SourceError(
                .checkFailed, "the log ends before \(stop.map(\.description) ?? "its end")", subject: data,
                hint: error.hint,
                cause: error)
        }
        do {
            let name = try await server.client.value("SELECT pg_walfile_name(pg_current_wal_lsn())")
            guard let timeline = name.flatMap({ WALFileName($0)?.timeline }) else {
                throw SourceError(.malformedStream, "the server did not say its timeline", subject: data)
            }
            try await server.stop()
            return timeline
        } catch {
            await server.kill()
            throw error
        }
    }

    private var settings: [String: String] {
        var settings = [
            "listen_addresses": "", "restore_command": #"test -f "$LIFEBOAT_LOG/%f" && cp "$LIFEBOAT_LOG/%f" "%p""#,
            "recovery_target_timeline": timeline.map(String.init) ?? "current",
            // What a crash would lose is made again from the base; at the end all is flushed at once.
            "fsync": "off", "max_wal_size": "16GB", "checkpoint_timeout": "1d",
        ]
        if let stop {
            settings["recovery_target_lsn"] = stop.description
            settings["recovery_target_inclusive"] = "off"
        }
        return settings
    }

    /// PostgreSQL begins the first timeline whose history it does not find, counting up: every number that is taken needs one,
    /// should it hold nothing, since only those that lead to the target are read.
    private func reserveTimelines(in folder: String) async throws {
        let cluster = try await ControlPlace.read(restorer, data: data).systemIdentifier
        let highest = restorer.highestTimeline(of: cluster)
        guard highest <= WALRecovery.highestTimeline else {
            throw SourceError(
                .invalidSetting, "a timeline is called \(highest), which is no number of ours", subject: data)
        }
        for number in stride(from: UInt32(2), through: highest, by: 1) {
            let name = WALFileName.history(timeline: number)
            if FileTree.exists("\(folder)/\(name)") || FileTree.exists("\(data)/pg_wal/\(name)") {
                continue
            }
            try SmallFile.write("\(folder)/\(name)", [])
        }
    }
}

/// Where a data folder stands that no server runs on, as `pg_controldata` says it.
struct ControlPlace {
    let systemIdentifier: String
    let timeline: UInt32
    let lsn: LSN

    static func read(_ restorer: PostgreSQLRestorer, data: String) async throws -> ControlPlace {
        let version = String(decoding: try SmallFile.read("\(data)/PG_VERSION"), as: UTF8.self)
        let folder = PostgreSQLVersion(version).flatMap {
            PostgreSQLTools.folder(named: restorer.settings.toolFolder, major: $0.major)
        }
        let text = try await ToolCommand(
            restorer.tool("pg_controldata", folder), ["-D", data], variables: restorer.variables
        ).text(timeout: .seconds(60))
        var values = [Substring: Substring]()
        for line in text.split(separator: "\n") {
            guard let colon = line.firstIndex(of: ":") else { continue }
            values[line[..<colon]] = line[colon...].dropFirst().drop { $0 == " " }
        }
        guard let identifier = values["Database system identifier"],
            let timeline = values["Latest checkpoint's TimeLineID"].flatMap({ UInt32($0) }),
            let lsn = values["Latest checkpoint location"].flatMap({ LSN($0) })
        else { throw SourceError(.malformedStream, "pg_controldata did not say where it stands", subject: data) }
        return ControlPlace(systemIdentifier: String(identifier), timeline: timeline, lsn: lsn)
    }
}
