import DataSources
import FoundationEssentials
import Glibc
import Repository
import TestSupport
import Testing

@testable import Recovery

@Suite("verification")
struct VerifyTests {
    private func verify(_ stage: RecoveryStage, change: (inout ProtectedSource) -> Void = { _ in }) async throws
        -> Verification
    {
        var database = stage.database
        change(&database)
        let entry = try await stage.store.find("latest")
        return try await VerifyRun(entry, sources: [database, stage.files], in: stage.context).run()
    }

    @Test("what comes back as it was passes, with the time of each phase, and leaves nothing behind")
    func pass() async throws {
        let stage = try await RecoveryStage()
        try await stage.point()
        let record = try await verify(stage)
        #expect(record.verdict == .pass && record.parts.map(\.verdict) == [.pass, .pass])
        #expect(record.parts[0].pins?.equal == 1 && record.parts[0].assertions.map(\.holds) == [true])
        #expect(
            record.parts[0].phases.map(\.phase)
                == PointRestore.Phase.allCases.filter { ![.log, .locate, .replay, .handover].contains($0) })
        #expect(stage.events.kinds == ["backup", "verification"])
        #expect(try Exchange.names(in: stage.context.stateFolder + "/scratch").isEmpty)
        #expect(try Exchange.names(in: stage.path).filter { $0.hasPrefix("lifeboat-") }.isEmpty)
    }

    @Test("the engine's own words are the message of a failure")
    func unsound() async throws {
        let stage = try await RecoveryStage()
        try stage.setRows(["one", "corrupt"])
        try await stage.point()
        let part = try #require(try await verify(stage).parts.first)
        #expect(part.verdict == .fail && part.message == "pretend-check: row is corrupt")
    }

    @Test("an assertion that does not hold is a failure with its answer")
    func assertion() async throws {
        let stage = try await RecoveryStage()
        try await stage.point()
        let record = try await verify(stage) {
            $0.assertions.append(Assertion(name: "row nine is there", sql: "has nine"))
        }
        #expect(record.verdict == .fail && record.parts[0].message == "row nine is there: 0")
    }

    @Test("rows that changed between base and pins make the content inconclusive, not passed")
    func otherPosition() async throws {
        let stage = try await RecoveryStage()
        let point = try await stage.point()
        var pins = try #require(try await ContentPins.read(point.id, from: stage.context.repository))
        pins.sources["db"]?.position.gtid = "0-1-99"
        try await pins.write(to: stage.context.repository)
        let record = try await verify(stage)
        #expect(record.verdict == .inconclusive && record.parts[0].pins?.notCompared != nil)
        #expect(record.parts[1].verdict == .pass)
    }

    @Test("content that differs at the same position is a failure that names the table")
    func differs() async throws {
        let stage = try await RecoveryStage()
        let point = try await stage.point()
        var pins = try #require(try await ContentPins.read(point.id, from: stage.context.repository))
        pins.sources["db"]?.pins[0].rowCount = 3
        try await pins.write(to: stage.context.repository)
        let record = try await verify(stage)
        #expect(record.verdict == .fail)
        #expect(record.parts[0].pins?.different == ["app.rows: 2 rows instead of 3"])
    }

    @Test("tables that are missing, too many, or other, are each told apart")
    func comparison() {
        func pin(_ table: String, _ count: UInt64, _ hash: String) -> TablePin {
            TablePin(database: "a", table: table, rowCount: count, hash: hash, method: "rows")
        }
        let result = VerifyRun.comparison(
            [pin("same", 1, "x"), pin("gone", 1, "x"), pin("other", 2, "x")],
            [pin("same", 1, "x"), pin("other", 2, "y"), pin("more", 1, "z")], leftOut: ["a.big"])
        #expect(result.equal == 1 && result.leftOut == ["a.big"])
        #expect(result.different == ["a.gone: missing", "a.other: other content", "a.more: not there before"])
    }
}

@Suite("folders for throw-away servers")
struct WorkspaceTests {
    @Test(
        "a state folder that other accounts cannot get to is refused with the command that mends it",
        .enabled(if: SystemAccount.canChange, "needs root"))
    func closedState() async throws {
        let stage = try await RecoveryStage()
        let closed = stage.path + "/closed"
        mkdir(closed, 0o700)
        chmod(stage.path, 0o755)
        var context = stage.context
        context.stateFolder = closed + "/state"
        let error = #expect(throws: RecoveryError.self) { try Workspace.scratch(in: context, source: stage.database) }
        #expect(error?.code == .targetUnusable && error?.hint.contains("chmod o+x \(closed)") == true)
        chmod(closed, 0o711)
        context.environment.temporaryFolder = stage.path
        chmod(stage.path, 0o711)
        let workspace = try Workspace.scratch(in: context, source: stage.database)
        #expect(workspace.run.hasPrefix(stage.path) && workspace.base.hasPrefix(closed))
        chmod(stage.path, 0o700)
        context.stateFolder = "/tmp/" + stage.path.split(separator: "/").joined(separator: "-")
        let other = try Workspace.scratch(in: context, source: stage.database)
        #expect(other.run.hasPrefix("/tmp/lifeboat-") && !other.run.hasPrefix(stage.path), "TMPDIR is private")
        await other.removeAll()
        await workspace.removeAll()
        rmdir(context.stateFolder + "/scratch")
        rmdir(context.stateFolder)
    }
}
