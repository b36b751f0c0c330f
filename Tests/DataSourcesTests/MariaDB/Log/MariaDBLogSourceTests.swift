import DataSources
import Glibc
import TestSupport
import Testing

@Suite(
    "MariaDB's log, followed", .serialized,
    .enabled(if: StagingServer.Kind.mariadb.isExpected, "Tests/Support/install-packages databases"))
struct MariaDBLogSourceTests {
    // server   | writes … | FLUSH | writes … | restarted | writes …
    // follower | from the first file's first byte …………… | ends; another one begins again
    @Test(
        "a log that is followed is the server's own, byte for byte, and read in any pieces it leads to where the server stands"
    )
    func follow() async throws {
        let stage = try await MariaDBStage()
        let source = stage.source(.physical)
        let first = try await source.logState()
        try await stage.admin(
            """
            CREATE DATABASE app; USE app; CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, a VARCHAR(300));
            INSERT INTO t (a) VALUES ('x'), ('y'); SET gtid_domain_id = 1; INSERT INTO t (a) VALUES ('z');
            FLUSH BINARY LOGS; SET gtid_domain_id = 0; BEGIN; UPDATE t SET a = REPEAT('q', 200); DELETE FROM t WHERE id = 1;
            COMMIT;
            """)
        let one = LogFollower(source, first: first.oldestFile, into: try stage.newFolder("log"))
        let state = try await one.caughtUp()
        #expect(state.server == stage.server["MARIADB_SERVER_ID"])
        let files = try source.logFiles(in: one.folder)
        #expect(files.map(\.name) == ["binlog.000001", "binlog.000002"])
        #expect(files.map(\.isComplete) == [true, false])
        #expect(wholeFile(files[0].path) == wholeFile("\(stage.server["MARIADB_DIR"])/binlog/binlog.000001"))

        try await stage.server.stop()
        #expect((await one.failure() as? SourceError)?.code == .serverUnreachable)
        try await stage.server.start()
        try await stage.admin("SET gtid_domain_id = 7; INSERT INTO app.t (a) VALUES ('after')")
        let two = LogFollower(source, first: first.oldestFile, into: try stage.newFolder("log"))
        let end = try await two.caughtUp()
        for file in files {
            // A prefix that was shipped stays one, though the file is not in use any more.
            let (before, after) = (one.bytes(of: file.name), two.bytes(of: file.name))
            #expect(after.starts(with: before) && !before.isEmpty)
        }
        #expect(await two.end() is CancellationError)

        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of the pieces: \(seed)")
        var random = SeededGenerator(seed: seed)
        var position = ""
        for file in try source.logFiles(in: two.folder) {
            let bytes = wholeFile(file.path)
            for size in [1, 7, 4096, bytes.count] {
                var reader = source.logReader(file: file.name, position: position)
                var progress = LogProgress(validOffset: 0, position: "")
                var at = 0
                while at < bytes.count {
                    let piece = min(bytes.count - at, size == 7 ? Int.random(in: 1...97, using: &random) : size)
                    progress = try reader.read(bytes[at..<at + piece])
                    at += piece
                }
                #expect(progress.validOffset == UInt64(bytes.count))
                if size == bytes.count { position = progress.position }
                if file.name == state.currentFile {
                    #expect(progress.position == state.position)
                    #expect(size != bytes.count || progress.firstTime != nil && progress.lastTime != nil)
                }
            }
        }
        #expect(position == end.position)
        #expect(GTIDParts(position).count == 3, "\(position)")
    }

    private func GTIDParts(_ position: String) -> [Substring] { position.split(separator: ",") }

    @Test(
        "what keeps a log from being followed is told: a file that was purged, an account without the right, no server")
    func refused() async throws {
        let stage = try await MariaDBStage()
        try await stage.admin("CREATE USER poor@localhost; FLUSH BINARY LOGS")
        // A file whose transactions the engine has not all flushed is kept, silently.
        while try await stage.source(.physical).logState().oldestFile != "binlog.000002" {
            try await stage.admin("PURGE BINARY LOGS TO 'binlog.000002'")
        }
        let folder = try stage.newFolder("log")
        let purged = await #expect(throws: SourceError.self) {
            try await stage.source(.physical).follow(first: "binlog.000001", into: folder)
        }
        #expect(purged?.code == .suspectContent && purged?.message.contains("binlog.000001") == true)
        let poor = stage.source(.physical, user: "poor")
        let denied = await #expect(throws: SourceError.self) {
            try await poor.follow(first: "binlog.000002", into: folder)
        }
        #expect(denied?.code == .accessDenied && denied?.hint.contains("REPLICATION SLAVE") == true)
        let unseen = await #expect(throws: SourceError.self) { _ = try await poor.logState() }
        #expect(unseen?.code == .accessDenied)
        let nowhere = stage.source(.physical) { $0.server = ServerAddress(socket: stage.folder("none")) }
        let gone = await #expect(throws: SourceError.self) {
            try await nowhere.follow(first: "binlog.000002", into: folder)
        }
        #expect(gone?.code == .serverUnreachable)
    }
}
