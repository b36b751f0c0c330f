import Glibc
import Journal
import Repository
import Synchronization
import TestSupport
import Testing
import Trees

@testable import Recovery

@Suite("Locks that a killed journal left")
struct LeftLocksTests {
    /// Leaves a lock as a process that was killed does.
    private static func leave(
        _ stage: JournalStage, pid: Int32, hostname: String? = nil, at time: Timestamp? = nil
    ) async throws {
        var owner = stage.context.locks.owner
        owner.pid = pid
        owner.hostname = hostname ?? owner.hostname
        var settings = LockSettings(owner: owner) { [time] in time ?? now() }
        settings.settle = .zero
        _ = try await RepositoryLock.take(.shared, on: stage.stage.context.repository, settings)
    }

    /// The number of a process that has ended.
    private static func gone() async throws -> Int32 {
        let text = try await Tool.run("bash", ["-c", "echo $$"])
        return try #require(Int32(text.filter(\.isNumber)))
    }

    private static func held(_ stage: JournalStage) async throws -> [String] {
        try await stage.stage.context.repository.lockRecords().compactMap { record in
            record.record.map { "\($0.hostname):\($0.pid)" }
        }.sorted()
    }

    @Test("are removed by the next one; those of others, of other machines and of the living stay")
    func removed() async throws {
        let stage = try await JournalStage()
        let host = stage.context.locks.owner.hostname
        let (dead, other) = (try await Self.gone(), try await Self.gone())
        let old = Timestamp(seconds: now().seconds - 60)
        var state = JournalState(started: old.rfc3339, updated: old.rfc3339)
        // Killed twice; and the number of one was given to a process that lives, which is ours.
        state.processes = [dead, getpid()].map { JournalState.Process(id: $0, started: old.rfc3339) }
        mkdir(stage.context.stateFolder, 0o700)
        try state.write(stage.context.stateFolder, source: "db")
        try await Self.leave(stage, pid: dead)
        try await Self.leave(stage, pid: dead, hostname: "elsewhere")
        try await Self.leave(stage, pid: other)
        try await Self.leave(stage, pid: getpid())
        try await Self.leave(stage, pid: dead, at: Timestamp(seconds: old.seconds - 100))
        let all = try await Self.held(stage)
        #expect(all.count == 5)
        try await stage.running {
            try await stage.until { try await Self.held(stage).count < 5 }
            try await stage.caughtUp()
        }
        let left = ["\(host):\(dead)", "\(host):\(getpid())", "\(host):\(other)", "elsewhere:\(dead)"]
        #expect(try await Self.held(stage) == left.sorted())
        #expect(JournalState.read(stage.context.stateFolder, source: "db")?.processes == [])
    }

    @Test("a process that began after a lock of its number was written is not the one that wrote it")
    func numberGivenAgain() async throws {
        let stage = try await JournalStage()
        let old = Timestamp(seconds: now().seconds - 365 * 86400)
        var state = JournalState(started: old.rfc3339, updated: old.rfc3339)
        state.processes = [.init(id: getpid(), started: old.rfc3339)]
        mkdir(stage.context.stateFolder, 0o700)
        try state.write(stage.context.stateFolder, source: "db")
        try await Self.leave(stage, pid: getpid(), at: Timestamp(seconds: old.seconds + 5))
        try await stage.running { try await stage.until { try await Self.held(stage).isEmpty } }
    }

    @Test("when a process began is known")
    func began() throws {
        let began = try #require(ProcessTime.began(getpid()))
        #expect(began <= now().fraction + 2 && began > now().fraction - 86400)
        #expect(ProcessTime.began(Int32.max) == nil)
    }
}
