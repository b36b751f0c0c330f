import Glibc
import Repository
import TestSupport
import Testing

@testable import DataSources

/// A server whose log is followed, and a base of it that is built once and copied for each replay.
struct ReplayedBase {
    let stage: MariaDBStage
    let source: MariaDBSource
    let start: SourcePosition
    private let data: String

    init(_ stage: MariaDBStage, _ method: DatabaseMethod) async throws {
        self.stage = stage
        source = stage.source(method)
        let (snapshot, _, reading) = try await stage.backup(source)
        start = try #require(reading.position)
        let files = try await stage.files(of: snapshot)
        data = files + "-data"
        try await stage.restorer.build(files: files, data: data, run: try stage.newFolder("r"))
    }

    /// The log as it is now, in a folder of ours.
    func log() async throws -> ReplayLog {
        let follower = LogFollower(source, first: start.binlogFile, into: try stage.newFolder("log"))
        _ = try await follower.caughtUp()
        _ = await follower.end()
        let files = try source.logFiles(in: follower.folder).map { ReplayLog.File(name: $0.name, path: $0.path) }
        return ReplayLog(files: files, start: start)
    }

    /// A copy of the base, for one replay.
    func copy() async throws -> (data: String, run: String) {
        let copy = try stage.newFolder("c") + "/data"
        _ = try await Tool.run("cp", ["-a", "--reflink=auto", data, copy])
        return (copy, try stage.newFolder("r"))
    }

    /// Replays to a target on a copy of the base, and asks what is there. `threads`: so many workers, whatever the machine has.
    func restore(
        _ target: LogTarget, _ log: ReplayLog, asking sql: String, threads: Int? = nil
    ) async throws -> [[String?]] {
        let stop = try await stage.restorer.locate(target, in: log)
        let (data, run) = try await copy()
        var restorer = stage.restorer
        restorer.workerCount = threads ?? restorer.workerCount
        let report = try await restorer.replay(log, to: stop, data: data, run: run)
        #expect(report.position == stop.position)
        let server = try await restorer.start(data: data, run: run)
        let rows = try await server.query(sql, database: nil)
        try await server.stop()
        _ = try await Tool.run("rm", ["-rf", data])
        return rows
    }
}
