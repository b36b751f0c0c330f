import DataSources
import Ledger
import ObjectStore
import Repository
import Retention
import Synchronization
import TestSupport
import Testing
import Trees

@testable import Recovery

@Suite("what the ledger keeps of a service")
struct LedgerRecorderTests {
    private let said = Said()

    final class Said: Sendable {
        let lines = Mutex<[String]>([])
    }

    private func ledger(_ stage: RecoveryStage, _ store: any ObjectStore) throws -> Ledger {
        let repository = stage.context.repository
        return try Ledger(
            store: store, repositoryID: repository.config.id, key: repository.key, node: "stage",
            folder: stage.path + "/state/ledger"
        ) { EventTime(seconds: 1_700_000_000) }
    }

    private func context(_ stage: RecoveryStage, _ ledger: Ledger) -> RecoveryContext {
        var context = stage.context
        context.recorder = LedgerRecorder(ledger, user: "anna") { [said] line in
            said.lines.withLock { $0.append(line) }
        }
        return context
    }

    @Test("a backup, a verification, a restore and a forget are a sound chain that names nobody")
    func chain() async throws {
        let stage = try await RecoveryStage()
        let ledger = try ledger(stage, stage.context.repository.store)
        let context = context(stage, ledger)
        let plan = Plan(name: "nightly", store: "main", sources: ["db", "uploads"], keep: RetentionPolicy())
        let sources = [stage.database, stage.files]
        for _ in 1...2 { _ = try await PlanRun(plan, sources: sources, in: context).run() }
        let entry = try await stage.store.find("latest")
        _ = try await VerifyRun(entry, sources: sources, in: context).run()
        try await InPlaceRestore(entry, source: stage.database, in: context).run(confirmation: "db")
        try await InPlaceUndo(source: stage.database, in: context).dropAside()
        var keep = RetentionPolicy()
        keep.last = 1
        let gone = try await context.forget { [keep] list in
            [PointRetention(plan: "nightly", keep: keep, entries: list.entries, now: context.now())]
        }
        #expect(gone.points.count == 1)
        let report = try await ledger.verify()
        #expect(report.isSound, "\(report.problems)")
        let events = try #require(report.nodes.first { $0.node == "stage" }).events
        #expect(
            events.map(\.header.kind.rawValue) == ["backup", "backup", "verification", "restore", "restore", "forget"])
        let texts = events.map { String(describing: $0) }
        #expect(texts.allSatisfy { !$0.contains("anna") })
    }

    @Test("while the store is away events wait on this machine and are told; then they follow in order")
    func away() async throws {
        let stage = try await RecoveryStage()
        let store = FaultyStore(stage.context.repository.store)
        let ledger = try ledger(stage, store)
        let recorder = context(stage, ledger).recorder
        try await recorder.record("backup", ["point": "1"])
        let gone = StoreError(.unreachable, "nobody answers", subject: "store")
        store.arm([.put: Array(repeating: .fail(gone), count: 20), .list: Array(repeating: .fail(gone), count: 20)])
        try await recorder.record("verification", ["point": "1"])
        #expect(try await ledger.spooledCount() == 1)
        #expect(
            said.lines.withLock { $0 } == [
                "the event of this verification waits on this machine, since the store cannot be reached"
            ])
        store.arm([:])
        try await recorder.record("restore", ["point": "1"])
        #expect(try await ledger.spooledCount() == 0)
        let report = try await ledger.verify()
        #expect(report.isSound)
        #expect(
            report.nodes.first?.events.map(\.header.kind.rawValue) == ["backup", "verification", "restore"])
    }
}
