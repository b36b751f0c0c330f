import DataSources
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Recovery

@Suite("a restore in place")
struct InPlaceTests {
    /// Steps after which the process is killed; all that `InPlaceRestore` tells of.
    static let steps = [
        "building", "fetch", "check_files", "build", "start", "check", "verified", "stopped", "exchanged", "finished",
    ]

    private static func source(_ stage: RecoveryStage) -> ProtectedSource {
        var source = stage.database
        source.stop = "echo stop >> \(stage.path)/service"
        source.start = "echo start >> \(stage.path)/service"
        return source
    }

    @Test("puts the point in the place of what is live, keeps that aside, and takes it back or drops it on command")
    func whole() async throws {
        let stage = try await RecoveryStage()
        let source = InPlaceTests.source(stage)
        try await stage.point()
        try stage.setRows(["one", "wrong"])
        let entry = try await stage.store.find("latest")
        let restore = InPlaceRestore(entry, source: source, in: stage.context)
        #expect(try await restore.outline().paths == [stage.path + "/db"])
        try await restore.run(confirmation: "db")
        #expect(stage.rows == ["one", "two"])
        #expect(Rows.read(stage.path + "/service") == ["stop", "start"])
        let pending = await #expect(throws: RecoveryError.self) { try await restore.run(confirmation: "db") }
        #expect(pending?.code == .restorePending && pending?.hint.contains("--drop-aside") == true)
        let undo = InPlaceUndo(source: source, in: stage.context)
        let undone = try await undo.undo()
        #expect(stage.rows == ["one", "wrong"] && undone.count == 1)
        #expect(Rows.read(undone[0] + "/rows") == ["one", "two"])
        try await restore.run(confirmation: "db")
        let dropped = try await undo.dropAside()
        #expect(dropped.count == 1 && !Exchange.exists(dropped[0]) && stage.rows == ["one", "two"])
        #expect(throws: RecoveryError.self) { try undo.reopened() }
        #expect(stage.events.kinds.filter { $0 == "restore" }.count == 4)
    }

    @Test("another name than the source's changes nothing")
    func notConfirmed() async throws {
        let stage = try await RecoveryStage()
        try await stage.point()
        let restore = InPlaceRestore(
            try await stage.store.find("latest"), source: InPlaceTests.source(stage), in: stage.context)
        let error = await #expect(throws: RecoveryError.self) { try await restore.run(confirmation: "dB") }
        #expect(error?.code == .notConfirmed)
        #expect(!Exchange.exists(stage.path + "/service") && stage.rows == ["one", "two"])
    }

    @Test("a copy that breaks a promise never takes the place of anything")
    func brokenPromise() async throws {
        let stage = try await RecoveryStage()
        try stage.setRows(["two"])
        try await stage.point()
        let restore = InPlaceRestore(
            try await stage.store.find("latest"), source: InPlaceTests.source(stage), in: stage.context)
        let error = await #expect(throws: RecoveryError.self) { try await restore.run(confirmation: "db") }
        #expect(error?.code == .contentDiffers && error?.hint.contains("nothing live was touched") == true)
        #expect(!Exchange.exists(stage.path + "/service") && !Exchange.exists(stage.path + "/db.lifeboat-new"))
    }

    @Test("a stop command that fails ends it before anything is exchanged; mended, the same command goes on")
    func failingStop() async throws {
        let stage = try await RecoveryStage()
        try await stage.point()
        try stage.setRows(["later"])
        var source = InPlaceTests.source(stage)
        let stop = source.stop
        source.stop = "echo cannot >&2; exit 3"
        let entry = try await stage.store.find("latest")
        let error = await #expect(throws: RecoveryError.self) {
            try await InPlaceRestore(entry, source: source, in: stage.context).run(confirmation: "db")
        }
        #expect(error?.code == .commandFailed && stage.rows == ["later"])
        source.stop = stop
        let restore = InPlaceRestore(entry, source: source, in: stage.context)
        #expect(try await restore.outline().resumesAfter == "verified")
        try await restore.run(confirmation: "db")
        #expect(stage.rows == ["one", "two"])
    }

    @Test("killed after any step, the same command ends in the same place", arguments: steps)
    func killed(step: String) async throws {
        let stage = try await RecoveryStage()
        try await stage.point()
        try stage.setRows(["later"])
        try await InPlaceTests.kill(after: step, in: stage.path)
        let restore = InPlaceRestore(
            try await stage.store.find("latest"), source: InPlaceTests.source(stage), in: stage.context)
        if step == "finished" {
            await #expect(throws: RecoveryError.self) { try await restore.outline() }
        } else {
            #expect(stage.rows == (step == "exchanged" ? ["one", "two"] : ["later"]))
            try await restore.run(confirmation: "db")
        }
        #expect(stage.rows == ["one", "two"])
        #expect(Rows.read(stage.path + "/service").last == "start")
        let undo = InPlaceUndo(source: InPlaceTests.source(stage), in: stage.context)
        try await undo.undo()
        #expect(stage.rows == ["later"])
    }

    @Test("killed after any step, an undo brings back what was live", arguments: steps)
    func killedThenUndone(step: String) async throws {
        let stage = try await RecoveryStage()
        try await stage.point()
        try stage.setRows(["later"])
        try await InPlaceTests.kill(after: step, in: stage.path)
        let undo = InPlaceUndo(source: InPlaceTests.source(stage), in: stage.context)
        try await undo.undo()
        #expect(stage.rows == ["later"])
        #expect(!Exchange.exists(stage.path + "/db.lifeboat-new"))
        let services = Rows.read(stage.path + "/service")
        #expect(services.last != "stop", "whatever was stopped was started again")
    }

    /// A process of its own begins the restore and is killed as soon as the step is written down.
    private static func kill(after step: String, in path: String) async throws {
        await #expect(processExitsWith: .signal(SIGKILL)) { [path, step] in
            let stage = try await RecoveryStage(at: path)
            let entry = try await stage.store.find("latest")
            let restore = InPlaceRestore(entry, source: InPlaceTests.source(stage), in: stage.context) { reached in
                if reached == step { Glibc.kill(getpid(), SIGKILL) }
            }
            try await restore.run(confirmation: "db")
        }
    }

    @Test("whoever still holds files after the stop command is named, and neither a restore nor an undo goes on")
    func held() async throws {
        let stage = try await RecoveryStage()
        try await stage.point()
        try stage.setRows(["later"])
        var source = InPlaceTests.source(stage)
        let stop = source.stop
        let holding = "setsid tail -f \(stage.path)/db/rows >/dev/null 2>&1 & echo $! > \(stage.path)/holder"
        source.stop = holding
        let entry = try await stage.store.find("latest")
        let restore = InPlaceRestore(entry, source: source, in: stage.context)
        let refused = await #expect(throws: RecoveryError.self) { try await restore.run(confirmation: "db") }
        #expect(refused?.code == .targetUnusable && refused?.message.contains("tail (") == true, "\(refused as Any)")
        #expect(stage.rows == ["later"])
        try InPlaceTests.endHolder(stage)
        source.stop = stop
        try await InPlaceRestore(entry, source: source, in: stage.context).run(confirmation: "db")
        source.stop = holding
        let undo = await #expect(throws: RecoveryError.self) {
            try await InPlaceUndo(source: source, in: stage.context).undo()
        }
        #expect(undo?.code == .targetUnusable && stage.rows == ["one", "two"])
        try InPlaceTests.endHolder(stage)
        source.stop = stop
        try await InPlaceUndo(source: source, in: stage.context).undo()
        #expect(stage.rows == ["later"])
    }

    private static func endHolder(_ stage: RecoveryStage) throws {
        let process = try #require(Rows.read(stage.path + "/holder").first.flatMap { Int32($0) })
        #expect(Glibc.kill(process, SIGKILL) == 0)
    }

    @Test("files are exchanged by their own directories, with their modes and times")
    func files() async throws {
        let stage = try await RecoveryStage()
        let uploads = stage.path + "/uploads"
        chmod(uploads, 0o750)
        try await stage.point()
        unlink(uploads + "/one")
        try Data("encrypted".utf8).write(to: URL(filePath: uploads + "/ransom"))
        let restore = InPlaceRestore(try await stage.store.find("latest"), source: stage.files, in: stage.context)
        try await restore.run(confirmation: "uploads")
        #expect(try Exchange.names(in: uploads) == ["one"])
        var status = stat()
        #expect(stat(uploads, &status) == 0 && status.st_mode & 0o777 == 0o750)
        try await InPlaceUndo(source: stage.files, in: stage.context).undo()
        #expect(try Exchange.names(in: uploads) == ["ransom"])
    }
}
