import Glibc
import Repository
import TestSupport
import Testing

@testable import DataSources

@Suite(
    "PostgreSQL: a log that is not whole", .serialized,
    .enabled(if: StagingServer.Kind.postgres.isExpected, "Tests/Support/install-packages databases"))
struct BrokenLogTests {
    /// A base in a tablespace and outside of one, and three segments of log behind it.
    private func world() async throws -> (
        log: LogStage, replays: Replays, whole: ReplayLog, steps: [LogStage.Step], base: Int
    ) {
        let log = try await LogStage()
        try await log.makeSchema()
        let space = log.stage.folder("space")
        _ = try await Tool.run("install", ["-d", "-m", "700", "-o", log.stage.server["PG_USER"], space])
        try await log.stage.sql("CREATE TABLESPACE apart LOCATION '\(space)'")
        try await log.stage.sql("ALTER TABLE bulk SET TABLESPACE apart", database: "app")
        let archive = log.stage.folder("archive")
        let follower = try Follower(log.source, first: nil, folder: log.stage.folder("follow"), archive: archive)
        try await log.stage.wait("SELECT count(*) > 0 FROM pg_stat_replication")
        try await log.writeRows(3)
        let (reading, snapshot) = try await log.stage.backup(log.source)
        let base = try await log.steps().count
        for _ in 0..<3 {
            try await log.writeRows(3)
            try await log.writeLong()
            try await log.stage.sql("SELECT pg_switch_wal()")
        }
        try await log.write("create extra_space", "CREATE TABLE extra_space TABLESPACE apart AS SELECT 1 AS i")
        try await follower.catchUp()
        await follower.stop()
        let start = try #require(reading.position)
        return (
            log, try await Replays(log.stage, snapshot), Follower.log([archive], start: start), try await log.steps(),
            base
        )
    }

    @Test("holes are named, an end before the stop is an error, and what is in a tablespace is replayed too")
    func broken() async throws {
        let (log, replays, whole, steps, base) = try await world()
        try #require(whole.files.count >= 4)
        try await replays.check(whole, .through("xid:\(steps[base + 3].xid)"), steps: steps[..<(base + 4)])
        try await replays.check(whole, .end, steps: steps[...])
        let server = try await replays.replay(whole, .end)
        let spaces = try await server.query(
            "SELECT relname FROM pg_class c JOIN pg_tablespace s ON c.reltablespace = s.oid WHERE spcname = 'apart' "
                + "ORDER BY 1", database: "app")
        #expect(spaces.map { $0[0] ?? "" }.contains("bulk") && spaces.map { $0[0] ?? "" }.contains("extra_space"))
        try await server.stop()

        var holed = whole
        let gone = holed.files.remove(at: whole.files.count - 2)
        let missing = holed
        let hole = await #expect(throws: SourceError.self) {
            _ = try await log.stage.restorer().locate(.end, in: missing)
        }
        #expect(hole?.code == .checkFailed)
        #expect(hole?.message.contains(whole.files[whole.files.count - 3].name) == true)
        #expect(hole?.message.contains(whole.files[whole.files.count - 1].name) == true, "\(gone.name)")

        // The stop is of the whole log, what is there ends before it.
        let stop = try await log.stage.restorer().locate(.end, in: whole)
        var short = whole
        short.files.removeLast()
        for (name, log) in [("holed", holed), ("short", short)] {
            let error = await #expect(throws: SourceError.self, "\(name)") {
                let (copy, data, run) = (
                    replays.stage.folder("copy-\(name)"), replays.stage.folder("data-\(name)"),
                    replays.stage.folder("run-\(name)")
                )
                _ = try await Tool.run("cp", ["-a", "--reflink=auto", replays.files, copy])
                try FileTree.makeFolder(run)
                let restorer = replays.stage.restorer()
                try await restorer.build(files: copy, data: data, run: run)
                _ = try await restorer.replay(log, to: stop, data: data, run: run)
            }
            #expect(error?.code == .checkFailed, "\(name): \(error?.message ?? "")")
            if name == "short" { #expect(error?.message.contains(stop.position) == true) }
        }
    }
}
