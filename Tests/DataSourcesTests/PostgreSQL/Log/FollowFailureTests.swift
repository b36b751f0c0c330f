import Glibc
import Repository
import TestSupport
import Testing

@testable import DataSources

@Suite(
    "PostgreSQL: following the log", .serialized,
    .enabled(if: StagingServer.Kind.postgres.isExpected, "Tests/Support/install-packages databases"))
struct FollowFailureTests {
    @Test("log that is gone, of another server, or that the account may not have, is refused for what it is")
    func refusals() async throws {
        let log = try await LogStage()
        let stage = log.stage
        try await log.makeSchema()
        let oldest = try await log.source.logState().currentFile
        for _ in 0..<4 {
            try await log.writeRows(1)
            try await stage.sql("SELECT pg_switch_wal()")
            try await stage.sql("CHECKPOINT")
        }
        func failure(_ first: String?, _ name: String, user: String = "backup") async throws -> SourceError? {
            let folder = stage.folder(name)
            try FileTree.makeFolder(folder)
            var source = log.source
            if user != "backup" {
                source = stage.source(.physical) {
                    $0.user = user; $0.password = nil
                }
            }
            return await #expect(throws: SourceError.self) { try await source.follow(first: first, into: folder) }
        }
        #expect(try await failure(oldest, "gone")?.code == .suspectContent)
        #expect(try await failure("00000001000000FF00000001", "ahead")?.code == .suspectContent)
        #expect(try await failure("000000070000000000000001", "other")?.code == .suspectContent)
        #expect(try await failure("binlog.000001", "no-name")?.code == .invalidSetting)
        #expect(try await failure(nil, "stranger", user: "nobody")?.code == .accessDenied)
        #expect(try await log.source.logState().oldestFile == nil, "the backup account may not list them")
        try await stage.sql("GRANT pg_monitor TO backup")
        let state = try await log.source.logState()
        #expect(try #require(state.oldestFile) > oldest)
        #expect(state.currentFile >= state.oldestFile ?? "")
        // A slot that the server has given up is made anew.
        try await stage.sql("ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'")
        try await stage.sql("SELECT pg_reload_conf()")
        for _ in 0..<4 {
            try await log.writeRows(1)
            try await stage.sql("SELECT pg_switch_wal()")
            try await stage.sql("CHECKPOINT")
        }
        try await stage.wait("SELECT wal_status = 'lost' FROM pg_replication_slots WHERE slot_name = 'lifeboat_db'")
        let follower = try Follower(
            log.source, first: nil, folder: stage.folder("anew"), archive: stage.folder("archive"))
        try await follower.catchUp()
        #expect(await follower.stop() == nil)
    }

    @Test("how much of a segment is written is seen whatever pieces it is read in, and while it grows")
    func growing() async throws {
        let log = try await LogStage()
        try await log.makeSchema()
        // A segment that is short yet.
        try await log.stage.sql("SELECT pg_switch_wal()")
        try await log.writeRows(50)
        let archive = log.stage.folder("archive")
        let follower = try Follower(log.source, first: nil, folder: log.stage.folder("follow"), archive: archive)
        try await log.stage.wait("SELECT count(*) > 0 FROM pg_stat_replication")
        try await log.writeLong()
        try await follower.catchUp()
        await follower.stop()
        let name = try #require(FileTree.namesIfAny(in: archive).first)
        let whole = try SmallFile.read("\(archive)/\(name)", limit: 16 << 20)
        let padded = whole + [UInt8](repeating: 0, count: 1 << 16)
        for piece in [1 << 14, 20_001, 1 << 20] {
            var reader = log.source.logReader(file: name, position: "before")
            var valid = 0
            // It is read as it is written: the rest is zeros yet.
            for written in stride(from: 0, through: whole.count + 20_000, by: 20_000) {
                var now = padded[...]
                if written < now.count {
                    now.replaceSubrange(written..., with: repeatElement(0, count: now.count - written))
                }
                while true {
                    let progress = try reader.read(now[valid..<min(valid + piece, now.count)])
                    #expect(Int(progress.validOffset) <= max((written + 7) / 8 * 8, valid))
                    #expect(valid > 0 || progress.validOffset > 0 || progress.position == "before")
                    if Int(progress.validOffset) == valid { break }
                    valid = Int(progress.validOffset)
                }
            }
            #expect(valid == whole.count, "in pieces of \(piece)")
            let progress = try reader.read(padded[valid..<min(valid + piece, padded.count)])
            let place = try #require(LSN(progress.position))
            #expect(place.byteCount % (16 << 20) == UInt64(valid))
        }
        var wrong = log.source.logReader(file: "0000000100000000000000FF", position: "")
        let error = #expect(throws: SourceError.self) { _ = try wrong.read(padded[...]) }
        #expect(error?.code == .malformedStream)
    }
}
