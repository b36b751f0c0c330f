import Repository
import TestSupport
import Testing

@testable import DataSources

/// Replays of one base.
struct Replays {
    let stage: PostgreSQLStage
    let files: String

    init(_ stage: PostgreSQLStage, _ snapshot: BackupResult) async throws {
        self.stage = stage
        files = try await stage.restore(snapshot, to: "base")
    }

    /// A new data folder, replayed; where it is.
    func bring(_ log: ReplayLog, _ target: LogTarget, names: [String] = []) async throws -> (
        data: String, stop: LogStop
    ) {
        let number = FileTree.namesIfAny(in: stage.folder.path).count
        let (copy, data, run) = (
            stage.folder("copy-\(number)"), stage.folder("data-\(number)"), stage.folder("run-\(number)")
        )
        _ = try await Tool.run("cp", ["-a", "--reflink=auto", files, copy])
        try FileTree.makeFolder(run)
        let restorer = stage.restorer { $0.serverNames = names }
        try await restorer.build(files: copy, data: data, run: run)
        let stop = try await restorer.locate(target, in: log)
        let report = try await restorer.replay(log, to: stop, data: data, run: run)
        #expect(report.position == stop.position)
        #expect(FileTree.namesIfAny(in: run).contains("log") == false)
        FileTree.remove(copy)
        return (data, stop)
    }

    func replay(_ log: ReplayLog, _ target: LogTarget) async throws -> any ScratchServer {
        let (data, _) = try await bring(log, target)
        return try await stage.restorer().start(data: data, run: "\(data)-run")
    }

    /// Replays and compares all tables.
    func check(_ log: ReplayLog, _ target: LogTarget, steps: ArraySlice<LogStage.Step>) async throws {
        let server = try await replay(log, target)
        let row = try await server.query(LogStage.question, database: "app")[0]
        #expect(row == LogStage.state(steps), "\(target)")
        try await server.stop()
    }
}
